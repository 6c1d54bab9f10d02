#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/stub/log.h"
#include "tests/stub/message.h"
#include "tests/stub/pull_requests.h"

namespace stub {

/// A server in Forgejo's shape with its state in memory, as far as an adapter of the runner asks:
/// issues with labels by number, timelines, dependencies, permissions, comments, commit statuses
/// and Actions runs. It has no more fields than the description of the real one
/// (tests/stub/specs/forgejo-16.0.1.json); a test holds it to that.
class Forgejo {
 public:
  struct Options {
    std::string login = "runner";  ///< whose token it is
    bool admin = true;             ///< that account may ask for permissions
    bool dependencies = true;      ///< the repositories have them turned on
    std::int64_t most_of_page = 30;
    bool links = true;  ///< lists say where the next page is
    bool gitea = false;
    std::string git_root;  ///< of the repositories that pull requests are for
  };

  Forgejo() : Forgejo(Options{}) {}
  explicit Forgejo(Options options)
      : pulls(options.git_root, PullRequests::Dialect::forgejo), options_(std::move(options)) {}

  struct Written {
    std::string title = "an issue";
    std::string body;
    std::string author = "alice";
    std::vector<std::string> labels;
    bool open = true;
  };
  /// What people do, beside the requests. A repository is there once something is in it.
  void put(const std::string& repo, std::int64_t number, const Written& written);
  void put_pull_request(const std::string& repo, std::int64_t number,
                        const std::vector<std::string>& labels);
  /// Sets or takes off a label, with its entry in the timeline.
  void label(const std::string& repo, std::int64_t number, const std::string& label,
             const std::string& by, const std::string& at, bool on = true);
  void touch(const std::string& repo, std::int64_t number, const std::string& at);
  void block(const std::string& repo, std::int64_t number, const std::string& by_repo,
             std::int64_t by_number);
  /// Nobody without further rights may read it.
  void hide(const std::string& repo);
  void permit(const std::string& login, const std::string& permission);
  /// A program of the server itself, as its Actions are.
  void program(const std::string& login);
  void turn_issues_off(const std::string& repo);
  void archive(const std::string& repo);
  void organisation(const std::string& name, const std::vector<std::string>& labels);
  void comment(const std::string& repo, std::int64_t number, const std::string& author,
               const std::string& body);
  void set_status(const std::string& repo, const std::string& sha, const std::string& context,
                  const std::string& state, const std::string& run = {},
                  const std::string& description = {});
  void set_run(const std::string& repo, const std::string& sha, std::int64_t id,
               const std::string& outcome);

  [[nodiscard]] Answer answer(const Request& request);

  PullRequests pulls;

 private:
  using Json = nlohmann::json;
  using Parts = std::vector<std::string>;

  Answer read(const Request& request, const Parts& parts);
  Answer own_repos(const Request& request) const;
  Answer search(const Request& request) const;
  [[nodiscard]] Json described(const std::string& name) const;
  Answer read_repo(const Request& request, const std::string& name, const Parts& parts);
  Answer read_issue(const Request& request, const std::string& name, const Parts& parts);
  Answer change(const Request& request, const std::string& name, const Parts& parts);
  Answer change_comment(const Json& body, const std::string& name, const Parts& parts);
  Answer list(const Request& request, const Json& items, bool paged = true) const;
  Json& repo(const std::string& name);
  Json& label_of(const std::string& name, const std::string& label);
  void mark(const std::string& name, Json& issue, const std::string& label, const std::string& by,
            const std::string& at, bool on);
  std::string now();

  Options options_;
  Log log_;
  std::mutex mutex_;
  std::map<std::string, Json> repos_;
  std::map<std::string, std::string> permissions_;
  std::map<std::string, Json> organisations_;
  std::set<std::string> programs_;
  std::int64_t next_id_ = 1;
  std::int64_t clock_ = 0;
};

}  // namespace stub

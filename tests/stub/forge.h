#pragma once

#include <cstdint>
#include <deque>
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

/// A forge in GitHub's shape with its state in memory: issues with labels, comments, label events
/// and blockers, permissions, commit statuses and check runs; pages with Link headers, ETags that
/// depend on who asks, rate limit headers. Only what an adapter of the runner asks for; everything
/// else is 404. It has the fields that GitHub's description requires and none that it does not have
/// (tests/integration/github_rest): label events carry no author_association.
class Forge {
 public:
  struct Options {
    std::string login = "runner-bot";  ///< whose token it is
    std::string token;                 ///< empty: nobody has to say who they are
    int limit = 5000;                  ///< requests per hour
    bool graphql = true;               ///< POST /graphql; false: 404, as an old server
    std::size_t remembered = 32;       ///< writes that a read may not see yet
    std::string git_root;              ///< of the repositories that pull requests are for
  };

  Forge() : Forge(Options{}) {}
  explicit Forge(Options options);

  /// What people and other programs do, beside the requests.
  void add_repo(const std::string& repo);
  void permit(const std::string& repo, const std::string& login, const std::string& permission,
              const std::string& role);
  int add_issue(const std::string& repo, const std::string& author, const std::string& title,
                const std::string& body = "");
  /// One of a chosen number; one that is there is made anew, with nothing that was known of it.
  void put_issue(const std::string& repo, int number, const std::string& author,
                 const std::string& title, const std::string& body);
  /// The account is a bot's, whatever its name.
  void make_bot(const std::string& login);
  void label(const std::string& repo, int number, const std::string& label,
             const std::string& actor);
  void unlabel(const std::string& repo, int number, const std::string& label,
               const std::string& actor);
  /// The newest event of the issue was somebody's who is gone now, or was done by an App for them.
  /// Nobody as actor is described for the events of a repository only, not for those of an issue.
  void forget_actor(const std::string& repo, int number);
  void by_app(const std::string& repo, int number, const std::string& slug);
  void edit_body(const std::string& repo, int number, const std::string& body,
                 const std::string& editor);
  void edit_title(const std::string& repo, int number, const std::string& title,
                  const std::string& editor);
  void close_issue(const std::string& repo, int number);
  void add_comment(const std::string& repo, int number, const std::string& author,
                   const std::string& body);
  /// From now on `old` answers as GitHub does for a repository that was renamed to `repo`.
  void rename(const std::string& old, const std::string& repo);
  /// "archived" true, "issues" false.
  void set_flag(const std::string& repo, const std::string& flag, bool value);
  void block(const std::string& repo, int number, const std::string& by_repo, int by_number);
  void set_status(const std::string& repo, const std::string& sha, const std::string& context,
                  const std::string& state);
  void set_check(const std::string& repo, const std::string& sha, const std::string& name,
                 const std::string& status, const std::string& conclusion,
                 const std::string& annotation = "");

  /// `unseen`: a read answers as it would have before that many of the latest writes.
  [[nodiscard]] Answer answer(const Request& request, Log& log, int unseen = 0);
  /// Somebody closes the newest open issue of the repository that a list request is about, so that
  /// what was on page 2 is on page 1 now.
  void shift_pages(const Request& request, Log& log);
  /// What GraphQL has cost so far, in GitHub's points.
  [[nodiscard]] int points() const;
  /// A copy: repository -> {"issues", "comments", "events", ...}.
  [[nodiscard]] nlohmann::json state() const;

  PullRequests pulls;

  /// What it knows, to be put back later. Requests that came before are forgotten, by the rate
  /// limit too.
  struct Memory {
    nlohmann::json state;
    std::int64_t next_id = 1000;
    std::int64_t clock = 1'790'000'000;
    PullRequests::Memory pulls;
  };
  [[nodiscard]] Memory remember() const;
  void recall(const Memory& memory);

 private:
  using Json = nlohmann::json;
  /// "/repos/{owner}/{name}/a/b" taken apart.
  struct Place {
    std::string repo;
    std::vector<std::string> rest;
    [[nodiscard]] bool is(std::initializer_list<const char*> parts) const;  ///< "*" = any
  };
  static Place place_of(const Request& request);

  Answer dispatch(const Request& request, const Place& place, const Json& seen, Log& log);
  [[nodiscard]] Json account(const std::string& login) const;
  Answer graphql(const Request& request, const Json& seen);
  Answer make_label(const Request& request, const Place& place, const Json& body, Log& log);
  Answer read(const Request& request, const Place& place, const Json& repo) const;
  [[nodiscard]] Answer checks(const Request& request, const Place& place, const Json& repo) const;
  [[nodiscard]] Answer annotations(const Place& place, const Json& repo) const;
  [[nodiscard]] Answer compare(const Request& request, const Place& place) const;
  /// The issue as REST shows it.
  [[nodiscard]] static Json shown(const std::string& name, const Json& repo, const Json& issue);
  Answer change(const Request& request, const Place& place, Log& log);
  Answer change_issue(const Request& request, const Place& place, Json& issue, Log& log);
  Answer change_labels(const Request& request, const Place& place, Json& issue, Log& log);
  [[nodiscard]] Answer list(const Request& request, const Json& items) const;
  void label_event(Json& repo, const Json& issue, const std::string& event,
                   const std::string& label, const std::string& actor);
  bool put_label(Json& repo, Json& issue, const std::string& label, const std::string& actor);
  bool drop_label(Json& repo, Json& issue, const std::string& label, const std::string& actor);
  /// Remembers the state as it was, for reads that lag.
  Json& writing();
  std::string timestamp();
  void add_rate_headers(Answer& answer) const;

  Options options_;
  mutable std::mutex mutex_;
  Json state_ = Json::object();
  std::deque<Json> earlier_;  ///< newest first
  std::int64_t next_id_ = 1000;
  std::int64_t clock_ = 1'790'000'000;  ///< one second for each write: times are never equal
  int used_ = 0;
  int points_ = 0;  ///< of GraphQL
  std::map<std::string, std::string> renamed_;
  std::set<std::string> bots_;
};

}  // namespace stub

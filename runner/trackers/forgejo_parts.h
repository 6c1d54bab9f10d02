#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "jobs/model/issue.h"
#include "runner/forge/api.h"

/// What the reader and the writer for Forgejo and Gitea are made of. Private to them.
namespace runner::trackers::forgejo {

// --- pure: what its JSON means

/// An issue as a list or a single answer has it: no trust and no blockers yet. `key.number` 0 = it
/// is none (a pull request, a placeholder, nonsense).
[[nodiscard]] jobs::Issue issue_of(const nlohmann::json& object, const jobs::RepoName& repo);

/// "acme/shop" -> "acme".
[[nodiscard]] std::string owner_of(std::string_view place);

/// "p1", "P-1", "prio: 1", "priority/1": the lowest number that a label says.
[[nodiscard]] std::optional<int> priority_of(const std::vector<std::string>& labels);

/// Who set the label, from a timeline: entries of type "label", body "1" = set, empty = taken off;
/// the newest, unless it is a removal. Permission is not filled in. `own`: the runner's logins.
[[nodiscard]] jobs::LabelActor label_actor(const std::vector<nlohmann::json>& timeline,
                                           std::string_view label,
                                           const std::vector<std::string>& own);

/// "admin", "owner", "write", "read", "none"; unknown on anything else.
[[nodiscard]] jobs::Permission permission_of(std::string_view word);

/// One entry of an issue's dependencies. A blocker that the token may not read comes as a
/// placeholder: it is there, and unreadable.
[[nodiscard]] jobs::Blocker blocker_of(const nlohmann::json& object, std::string_view place);

// --- asking

/// A server as one credential sees it: which it is, who we are, what people may do. What was asked
/// once is not asked again by the same object, which lives for one tick. Thread-safe.
class Server {
 public:
  Server(forge::Api& api, std::string bot) : api_(api), bot_(std::move(bot)) {}

  /// "Forgejo 16.0.1" or "Gitea 1.24.0", as it says itself; "the server" where it does not say.
  [[nodiscard]] std::string kind();
  /// To how many elements it cuts a page; 0 = it does not say.
  [[nodiscard]] std::int64_t most_of_page();
  /// The account that the token belongs to.
  [[nodiscard]] jobs::Result<std::string> own_login();
  /// That account, where it can be known, and the name from the manifest.
  [[nodiscard]] std::vector<std::string> own_logins();

  struct Answer {
    jobs::Permission permission = jobs::Permission::unknown;
    std::string problem;  ///< why it is unknown
  };
  /// What somebody may do on a repository now. Who may write is remembered; who may not is asked
  /// again, because somebody may just be giving them that right.
  [[nodiscard]] Answer permission(const std::string& place, const std::string& login);

  /// All elements of a list that numbers its pages.
  [[nodiscard]] jobs::Result<std::vector<nlohmann::json>> list(const std::string& path);
  /// All elements of one that does not: comments are described without `limit` and `page`.
  [[nodiscard]] jobs::Result<std::vector<nlohmann::json>> unnumbered(const std::string& path);
  /// One object.
  [[nodiscard]] jobs::Result<nlohmann::json> one(const std::string& path);
  /// A not_found about a repository says what it really is: gone, renamed, issues turned off.
  [[nodiscard]] jobs::Error explained(jobs::Error error, const std::string& place);

  [[nodiscard]] forge::Api& api() { return api_; }

 private:
  [[nodiscard]] Answer without_admin(const std::string& place, const std::string& login);

  forge::Api& api_;
  std::string bot_;
  std::mutex mutex_;  ///< of all below
  std::optional<std::string> kind_;
  std::optional<std::int64_t> most_of_page_;
  std::optional<std::string> login_;
  std::map<std::pair<std::string, std::string>, Answer> permissions_;
};

/// "/repos/OWNER/NAME" and what lies below it.
[[nodiscard]] std::string path_in(std::string_view place, std::vector<std::string_view> rest);

}  // namespace runner::trackers::forgejo

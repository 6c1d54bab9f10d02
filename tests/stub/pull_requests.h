#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/stub/log.h"
#include "tests/stub/message.h"

namespace stub {

/// The pull requests of a forge, over bare git repositories: what is merged is merged there. It has
/// no more fields than the real one, and refuses what that refuses. Thread-safe.
class PullRequests {
 public:
  enum class Dialect : std::uint8_t { github, forgejo };

  /// `git_root`: acme/shop is the repository GIT_ROOT/acme/shop.git.
  PullRequests(std::string git_root, Dialect dialect)
      : git_root_(std::move(git_root)), dialect_(dialect) {}

  /// What was asked about `repo`, behind its "/pulls". `login` asks.
  [[nodiscard]] Answer answer(const Request& request, const std::string& repo,
                              const std::vector<std::string>& rest, const std::string& login,
                              Log& log);

  // What people do.

  /// Merges it as the button does; false if that is not possible.
  bool press_merge(const std::string& repo, std::int64_t number);
  void press_close(const std::string& repo, std::int64_t number);
  /// A pull request whose branch has this name in somebody's fork.
  std::int64_t open_from_fork(const std::string& repo, const std::string& branch);
  /// Merging needs what nobody has given yet, such as a review.
  void protect(const std::string& repo);
  [[nodiscard]] int opened(const std::string& repo) const;
  /// The newest one; 0 if there is none.
  [[nodiscard]] std::int64_t newest(const std::string& repo) const;

  struct Pull {
    std::int64_t number = 0;
    std::string branch;
    std::string fork;  ///< whose; empty: of the repository itself
    std::string base;
    std::string title;
    std::string body;
    std::string author;
    std::string state = "open";
    std::string head;         ///< of a closed one; an open one's is its branch's
    std::string merged;       ///< the commit
    std::string merger;       ///< who merged it
    std::string asked_about;  ///< head for which somebody asked whether it can be merged
  };
  /// All that it knows besides what is in the git repositories.
  struct Memory {
    std::map<std::string, std::map<std::int64_t, Pull>> pulls;
    std::map<std::string, bool> guarded;  ///< repositories that `protect` was called for
    std::int64_t next = 5001;             ///< issues have the lower numbers
  };
  [[nodiscard]] Memory remember() const;
  void recall(const Memory& memory);

 private:
  using Json = nlohmann::json;

  [[nodiscard]] Answer answered(const Request& request, const std::string& repo,
                                const std::vector<std::string>& rest, const std::string& login,
                                Log& log);
  [[nodiscard]] std::string git(const std::string& repo,
                                const std::vector<std::string>& words) const;
  [[nodiscard]] std::string head_of(const std::string& repo, const Pull& pull) const;
  /// The tree of the merge; empty if it has conflicts.
  [[nodiscard]] std::string merged_tree(const std::string& repo, const Pull& pull) const;
  bool merge(const std::string& repo, Pull& pull, const std::string& message);
  [[nodiscard]] Json shown(const std::string& repo, Pull& pull, bool in_a_list);
  /// What GitHub shows of a pull request only where it shows it alone.
  void add_counts(const std::string& repo, const Pull& pull, Json& shown) const;
  [[nodiscard]] Answer list(const Request& request, const std::string& repo);
  [[nodiscard]] Answer open(const Request& request, const std::string& repo,
                            const std::string& login, Log& log);
  [[nodiscard]] Answer merge(const Request& request, const std::string& repo, Pull& pull,
                             const std::string& login, Log& log);
  [[nodiscard]] Answer problem(int status, const std::string& message) const;

  mutable std::mutex mutex_;
  std::string git_root_;
  Dialect dialect_;
  Memory memory_;
};

}  // namespace stub

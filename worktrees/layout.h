#pragma once

#include <string>
#include <string_view>

#include "jobs/base/ids.h"

namespace worktrees {

/// Where things lie below the root directory. Every name that came from outside is a safe component
/// here, so no path leaves it.
struct Layout {
  std::string root;

  [[nodiscard]] std::string mirror(const jobs::RepoName& repo) const;    ///< mirrors/<repo>.git
  [[nodiscard]] std::string checkout(const jobs::RepoName& repo) const;  ///< checkouts/<repo>.git
  [[nodiscard]] std::string checkout_objects(const jobs::RepoName& repo) const;
  [[nodiscard]] std::string pool(
      const jobs::RepoName& repo) const;  ///< worktrees/<repo>: slots and their records
  [[nodiscard]] std::string slot(const jobs::RepoName& repo, std::string_view name) const;
  /// Beside the slot: its index as the runner wrote it, where no agent comes by accident.
  [[nodiscard]] std::string known_files(const jobs::RepoName& repo, std::string_view slot) const;
  [[nodiscard]] std::string ci(
      const jobs::RepoName& repo) const;  ///< ci/<repo>: one tree per commit
  [[nodiscard]] std::string lock(const jobs::RepoName& repo) const;  ///< locks/<repo>.lock
  [[nodiscard]] std::string scratch() const;  ///< tmp: files on their way into place
  [[nodiscard]] std::string trash() const;    ///< trash: trees on their way out
};

}  // namespace worktrees

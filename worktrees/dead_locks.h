#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"

/// git's lock files are not let go by the kernel: a tick that is killed leaves them, and nobody
/// could write the reference any more. Only what is surely left by a dead runner is removed.
namespace worktrees {

/// In a git directory that only the runner writes. The caller holds the repository's PathLock, so
/// whoever made a lock file in there lives no more.
[[nodiscard]] jobs::Status drop_dead_locks(const std::string& git_directory);

/// A lock file in somebody else's repository, taken for a moment to move a reference. What we are
/// about to do is written down before, in our own mirror; the next holder of the PathLock finds
/// that after a death.
class LockAbroad {
 public:
  /// `lock_file`: path of the lock that will be taken. `content`: what is written into it. Removes
  /// the lock that a dead runner left there: one that was made since that runner wrote down that it
  /// would, and that is empty or holds what that runner would have written.
  [[nodiscard]] static jobs::Result<LockAbroad> announce(const std::string& mirror,
                                                         const std::string& lock_file,
                                                         const std::string& content);
  LockAbroad(LockAbroad&& other) noexcept;
  LockAbroad& operator=(LockAbroad&&) = delete;
  /// The lock is given back by now.
  ~LockAbroad();

 private:
  explicit LockAbroad(std::string mirror) : mirror_(std::move(mirror)) {}
  std::string mirror_;  ///< empty: moved away
};

}  // namespace worktrees

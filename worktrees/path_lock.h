#pragma once

#include <string>

#include "jobs/base/result.h"

namespace worktrees {

/// Exclusive lock on a path, between processes and between threads, let go by the kernel when its
/// holder dies. The file itself stays: removing a lock file that others wait for would let two of
/// them in.
class PathLock {
 public:
  PathLock() = default;
  PathLock(PathLock&& other) noexcept;
  PathLock& operator=(PathLock&& other) noexcept;
  ~PathLock();

  /// Waits up to `patience`; transient if somebody holds it for longer.
  [[nodiscard]] static jobs::Result<PathLock> acquire(const std::string& path,
                                                      jobs::Duration patience);

 private:
  explicit PathLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace worktrees

#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "worktrees/fd.h"

/// Files below an opened directory, wherever the path leads: never through a link, never out of it
/// (openat2(2)). Private to this room.
namespace worktrees {

/// As openat(2); `path` ends with a NUL. -1 with errno: ELOOP for a link on the way, EXDEV for what
/// leads out.
[[nodiscard]] int open_beneath(int root, const char* path, int flags, mode_t mode = 0);

/// The same where a container's filter of system calls does not know openat2: one part after the
/// other.
[[nodiscard]] int open_step_by_step(int root, const char* path, int flags, mode_t mode);

/// The directory that `path` is in, opened, and its last part: for the calls that make, move or
/// remove what stands there.
class Parent {
 public:
  Parent(int root, std::string_view path);
  /// False with errno of the opening.
  [[nodiscard]] bool ok() const { return folder_.ok(); }
  [[nodiscard]] int fd() const { return folder_.get(); }
  [[nodiscard]] const char* name() const { return name_.c_str(); }

 private:
  std::string name_;
  Fd folder_;
};

/// The bits that a new file of this process does not get (umask(2)), without changing them for a
/// moment.
[[nodiscard]] mode_t creation_mask();

}  // namespace worktrees

#pragma once

#include <sys/types.h>

#include <string_view>

/// Files below an opened directory, wherever the path leads: never through a link, never out of it
/// (openat2(2)). Private to this room.
namespace worktrees {

/// As openat(2); `path` ends with a NUL. -1 with errno: ELOOP for a link on the way, EXDEV for what
/// leads out.
[[nodiscard]] int open_beneath(int root, const char* path, int flags, mode_t mode = 0);

}  // namespace worktrees

#pragma once

#include <string>

#include "jobs/base/result.h"
#include "jobs/base/time.h"
#include "worktrees/layout.h"

/// Trees on their way out. Private to this room.
namespace worktrees {

/// Moves a tree out of sight in one step, whatever its size; `empty_trash` deletes it.
[[nodiscard]] jobs::Status discard(const Layout& layout, const std::string& path);

/// Deletes what was moved out of sight, by this process or by one that died. Ends after `patience`
/// though something may be left; the next call goes on.
[[nodiscard]] jobs::Status empty_trash(const Layout& layout, jobs::Duration patience);

}  // namespace worktrees

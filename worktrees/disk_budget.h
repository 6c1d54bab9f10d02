#pragma once

#include "jobs/base/result.h"
#include "worktrees/context.h"

namespace worktrees {

/// Is there room for one more worktree? The trash is emptied first where there is not. transient:
/// there is none; says what idle worktrees hold.
[[nodiscard]] jobs::Status check_space(const Context& context);

}  // namespace worktrees

#pragma once

#include <string_view>

#include "jobs/base/result.h"
#include "worktrees/context.h"
#include "worktrees/need.h"

namespace worktrees {

/// Is there room for `what` ("a worktree"), which will take `need` besides what limits.disk_free_*
/// keep free? The trash is emptied first where there is not. transient: there is none; says how
/// much lacks, and what idle worktrees hold.
[[nodiscard]] jobs::Status check_space(const Context& context, std::string_view what,
                                       const Need& need = {});

}  // namespace worktrees

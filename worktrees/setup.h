#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/context.h"
#include "worktrees/record.h"

namespace worktrees {

/// Runs the setup commands of the manifest in the worktree of `record`, unless they were run there
/// with the same lock files, toolchain and commands; one line for each that ran, with its time. The
/// record says so afterwards. transient: a command failed, which is the instance's failure.
[[nodiscard]] jobs::Status run_setup(const Context& context, const jobs::Repo& repo, Record& record,
                                     std::vector<std::string>& log);

}  // namespace worktrees

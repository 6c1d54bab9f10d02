#pragma once

#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "runner/store/doctor.h"

namespace runner::cli {

/// What does not agree around a sound state: worktrees and turn directories without a run, runs
/// without their worktree, money and effects of ended runs, free space. Looks only.
[[nodiscard]] jobs::Result<std::vector<store::StateFinding>> examine_folders(
    const jobs::Fleet& fleet);

}  // namespace runner::cli

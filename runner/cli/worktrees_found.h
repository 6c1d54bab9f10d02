#pragma once

#include <vector>

#include "jobs/base/result.h"
#include "jobs/policy/tree_state.h"
#include "runner/cli/command.h"
#include "worktrees/git_workspace.h"

namespace runner::cli {

/// A tree on disk and what it is there for.
struct FoundWorktree {
  worktrees::Holding holding;
  jobs::TreeVerdict verdict;
};

/// A workspace that is good for looking and removing: it runs no command and asks no remote.
[[nodiscard]] std::unique_ptr<worktrees::GitWorkspace> quiet_workspace(const jobs::Fleet& fleet);

/// Every tree, ordered by its path. The store is read after the disk (judge_tree).
[[nodiscard]] jobs::Result<std::vector<FoundWorktree>> find_worktrees(
    const jobs::Fleet& fleet, const worktrees::GitWorkspace& workspace);

/// "3 d", "4 min": how long ago; "-" where that is not known.
[[nodiscard]] std::string age_text(const std::optional<jobs::TimePoint>& then, jobs::TimePoint now);

}  // namespace runner::cli

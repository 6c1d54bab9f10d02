#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/model/fleet.h"
#include "jobs/ports/workspace.h"
#include "worktrees/commits.h"
#include "worktrees/git_handles.h"
#include "worktrees/import.h"

namespace worktrees {

/// What a landing is about to add to the base branch.
struct Landing {
  jobs::Oid base;  ///< merge base of the remote base and head
  jobs::Oid head;
  std::vector<jobs::Oid> commits;  ///< reachable from head and not from the remote base
};

/// The guards on content: entries of every tree, protected paths, CI-skip tokens, size, conflict
/// markers. The first that fails.
[[nodiscard]] jobs::Result<std::optional<Refusal>> guard_content(git_repository* mirror,
                                                                 const jobs::Repo& repo,
                                                                 const jobs::Limits& limits,
                                                                 const Landing& landing);

/// Commits of the landing must be this run's own: descend from `start`, where its branch began, and
/// be on no branch of the remote besides `own`: the base, and the one that the run proposes.
[[nodiscard]] jobs::Result<std::optional<Refusal>> guard_origin(
    git_repository* mirror, const Landing& landing, const jobs::Oid& start,
    const std::vector<std::string>& own);

/// A landing that `rule` forbids. Of a longer message only a line of 400 bytes stays.
[[nodiscard]] jobs::LandResult rejected(std::string rule, std::string_view message);

}  // namespace worktrees

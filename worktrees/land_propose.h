#pragma once

#include "jobs/ports/workspace.h"
#include "worktrees/context.h"
#include "worktrees/git_handles.h"

/// Landing by pull request: what is pushed for one, and what becomes of the run's worktree when
/// somebody has merged it. Who opens and merges it is no business of this room.
namespace worktrees {

/// Moves the branch `request.propose` of the remote to `head`, which contains `base` and was judged
/// by all guards. What somebody else pushed to that branch stays: rejected then.
[[nodiscard]] jobs::Result<jobs::LandResult> propose(const Context& context, git_repository* mirror,
                                                     const jobs::Repo& repo,
                                                     const jobs::LandRequest& request,
                                                     const jobs::Oid& head, const jobs::Oid& base);

/// Puts the files of `commit`, which is in the mirror, into the run's worktree, if it has one. What
/// was not committed there is kept as a rescue first.
[[nodiscard]] jobs::Status show_in_worktree(const Context& context, const jobs::Repo& repo,
                                            const jobs::Run& run, const jobs::Oid& commit);

}  // namespace worktrees

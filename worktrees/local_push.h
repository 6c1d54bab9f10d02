#pragma once

#include <string>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/git_handles.h"
#include "worktrees/remote.h"

namespace worktrees {

/// Pushes into a repository on this host. libgit2's own local transport replaces the branch without
/// looking at its old value; this compares and swaps under the reference's lock. It runs no hook of
/// the remote, so a remote with a hook that may refuse a push is refused instead of walked around.
[[nodiscard]] jobs::Result<PushResult> push_to_path(git_repository* mirror, const std::string& path,
                                                    const std::string& branch,
                                                    const jobs::Oid& expected,
                                                    const jobs::Oid& commit);

}  // namespace worktrees

#pragma once

#include <string>
#include <vector>

#include <git2.h>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"

/// What landing asks of the history in the mirror; nothing here changes a branch.
namespace worktrees {

/// The commit by which `head` came onto the remote base: the oldest on its first-parent line that
/// contains it.
[[nodiscard]] jobs::Result<jobs::Oid> landing_commit(git_repository* mirror,
                                                     const jobs::Oid& remote_base,
                                                     const jobs::Oid& head);

/// Merges two commits in memory. Fills `files` and returns no tree if they conflict.
[[nodiscard]] jobs::Result<jobs::Oid> merged_tree(git_repository* mirror, const jobs::Oid& ours,
                                                  const jobs::Oid& theirs,
                                                  std::vector<std::string>& files);

}  // namespace worktrees

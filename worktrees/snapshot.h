#pragma once

#include <string>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/layout.h"
#include "worktrees/record.h"
#include "worktrees/sparse.h"

/// Uncommitted files of a worktree.
namespace worktrees {

/// Tracked files differ from `head`, or untracked files are there that are not ignored. May believe
/// the worktree's own index about which files are unchanged, so it is quick and good enough to
/// look, not to destroy.
[[nodiscard]] jobs::Result<bool> is_dirty(const Layout& layout, const jobs::RepoName& repo,
                                          const Record& record, const jobs::Oid& head);

/// The tree of `folder` as it is, ignored files left out, written into the mirror. Reads every
/// file; believes no index. Repositories nested in it are kept as plain files. `parent` (in the
/// mirror, or empty) is what counts as tracked; what of it is outside the cone and not there is not
/// deleted but was never written.
[[nodiscard]] jobs::Result<jobs::Oid> snapshot_tree(const Layout& layout,
                                                    const jobs::RepoName& repo,
                                                    const std::string& folder,
                                                    const jobs::Oid& parent, const Cone& cone);

}  // namespace worktrees

#pragma once

#include <string>
#include <vector>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/git_handles.h"
#include "worktrees/layout.h"

namespace worktrees {

enum class Leftovers : std::uint8_t { keep, remove };

/// Writes `commit`'s tree into `folder`, touching only files that differ. With Leftovers::remove,
/// files that are neither in the tree nor ignored (by the tree's own rules) go away; ignored ones
/// always stay. The config used is the mirror's; nothing in `folder` or in a checkout is trusted,
/// not even an index. Returns the path of a finished index file in layout.scratch(), to be moved
/// into place. conflict: the files could not be brought into that state.
[[nodiscard]] jobs::Result<std::string> materialise(const Layout& layout,
                                                    const jobs::RepoName& repo,
                                                    const jobs::Oid& commit,
                                                    const std::string& folder, Leftovers leftovers);

}  // namespace worktrees

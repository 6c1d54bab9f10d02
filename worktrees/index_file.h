#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/tree_list.h"
#include "worktrees/write_tree.h"

namespace worktrees {

/// An index (gitformat-index(5), version 2) of a tree that was just written, with the trees it
/// stands for, so that git has to look at neither the files nor the trees. `stats` as write_tree
/// returns them, for those files of the list that are `written` (none given: all). The others are
/// not on the disk and are marked so ("skip-worktree", version 3). Handed to `sink` piece by piece:
/// with a million files it is 100 MB long.
[[nodiscard]] jobs::Status index_of(const TreeList& list, const std::vector<FileStat>& stats,
                                    const std::function<jobs::Status(std::string_view)>& sink,
                                    const std::vector<bool>& written = {});

}  // namespace worktrees

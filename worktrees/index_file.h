#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/tree_list.h"
#include "worktrees/write_tree.h"

namespace worktrees {

/// An index (gitformat-index(5), version 2) of a tree that was just written, with the trees it
/// stands for, so that git has to look at neither the files nor the trees. `stats` as write_tree
/// returns them.
[[nodiscard]] std::string index_of(const TreeList& list, const std::vector<FileStat>& stats);

}  // namespace worktrees

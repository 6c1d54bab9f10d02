#pragma once

#include <vector>

#include "jobs/ports/workspace.h"
#include "worktrees/layout.h"

namespace worktrees {

/// Something that takes room below the root.
struct Holding {
  jobs::WorktreeEntry entry;  ///< of trash: without a repository
  bool recorded = false;      ///< a record of ours lies beside it
  bool trash = false;
};

/// Every worktree and everything in the trash. Reads what each of them holds; takes no lock.
[[nodiscard]] std::vector<Holding> inventory(const Layout& layout);

}  // namespace worktrees

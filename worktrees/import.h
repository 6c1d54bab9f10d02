#pragma once

#include <cstdint>
#include <optional>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/check_tree.h"
#include "worktrees/git_handles.h"
#include "worktrees/layout.h"

namespace worktrees {

struct ImportLimits {
  std::int64_t object_bytes = 1LL << 30;  ///< one object
  std::int64_t total_bytes = 4LL << 30;
  std::int64_t commits = 100'000;
  bool check_trees =
      true;  ///< false to keep work as it is (rescue); such a tree is checked again before any use
};

/// Copies `commit` and everything below it that the mirror lacks from the checkout's objects into
/// the mirror, object by object: content hashed again, names and modes of every new tree checked.
/// Children are written before their parents, so an object in the mirror always has everything
/// below it there too, whenever we die. not_found: the commit, or something it needs, is nowhere.
[[nodiscard]] jobs::Result<std::optional<Refusal>> import_commit(git_repository* mirror,
                                                                 const Layout& layout,
                                                                 const jobs::RepoName& repo,
                                                                 const jobs::Oid& commit,
                                                                 const ImportLimits& limits = {});

}  // namespace worktrees

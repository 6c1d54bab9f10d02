#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/git_handles.h"

namespace worktrees {

/// Why commits of an agent are not taken over, in the words of LandResult.
struct Refusal {
  std::string rule;
  std::string message;
};

struct ImportLimits {
  std::int64_t object_bytes = 1LL << 30;  ///< one object
  std::int64_t total_bytes = 4LL << 30;
  std::int64_t commits = 100'000;
  bool check_trees =
      true;  ///< false to keep work as it is (rescue); such a tree is checked again before any use
};

/// Copies `commit` and everything below it that the mirror lacks from `source` (the mirror with the
/// checkout's objects) into the mirror itself, object by object: content hashed again, names and
/// modes of every new tree checked. Children are written before their parents, so an object in the
/// mirror always has everything below it there too, whenever we die. not_found: the commit, or
/// something it needs, is nowhere.
[[nodiscard]] jobs::Result<std::optional<Refusal>> import_commit(git_repository* mirror,
                                                                 git_repository* source,
                                                                 const jobs::Oid& commit,
                                                                 const ImportLimits& limits = {});

/// Checks every tree below `tree` (names, modes). For trees that came from the remote, before files
/// are written from them.
[[nodiscard]] jobs::Result<std::optional<Refusal>> check_tree(git_repository* repository,
                                                              const jobs::Oid& tree);

}  // namespace worktrees

#pragma once

#include <optional>

#include <git2/types.h>

#include "worktrees/git_handles.h"
#include "worktrees/objects/store.h"

namespace worktrees::objects {

/// An object that names one that is nowhere.
struct Gap {
  git_oid from{};
  git_object_t from_type = GIT_OBJECT_INVALID;
  git_oid lacking{};
};

/// Looks through every commit, tree and tag of `pack`, one of `store`, for the first that names an
/// object which neither the store nor `odb` has. Submodules are of other repositories. What cannot
/// be taken apart, or is too large for it, names nothing: it is refused where it would be used. If
/// everything outside of the pack is complete and there is no gap, everything in it is, too.
/// corrupt, transient: an object cannot be read at all.
[[nodiscard]] jobs::Result<std::optional<Gap>> find_gap(const Store& store, const Pack& pack,
                                                        git_odb* odb);

}  // namespace worktrees::objects

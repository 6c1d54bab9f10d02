#pragma once

#include "worktrees/git_handles.h"
#include "worktrees/objects/reader.h"

namespace worktrees::objects {

/// Reads by `reader` what it can, and the rest by libgit2, whole and within its bounds
/// (git_memory.h). denied, transient: it is too large; not_found; corrupt.
class AnyObject {
 public:
  AnyObject(const Store& store, git_odb* odb, Reader::Limits limits)
      : reader_(store, limits), odb_(odb) {}
  AnyObject(const Store& store, git_odb* odb) : AnyObject(store, odb, Reader::Limits{}) {}

  [[nodiscard]] jobs::Result<ObjectPtr> read(const git_oid& id, git_object_t type);

 private:
  Reader reader_;
  git_odb* odb_;
};

}  // namespace worktrees::objects

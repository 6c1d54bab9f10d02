#pragma once

#include <memory>
#include <string>

#include <git2/oid.h>

#include "worktrees/fd.h"
#include "worktrees/objects/inflater.h"
#include "worktrees/objects/object.h"

namespace worktrees::objects {

/// Reads objects that stand in files of their own, for one thread. Nothing is hashed again.
class LooseReader {
 public:
  /// `folder` is "<mirror>/objects"; objects of more than `largest` bytes are not read here.
  LooseReader(const std::string& folder, std::size_t largest);

  /// Null if it is not there, too large, or damaged.
  [[nodiscard]] ObjectPtr read(const git_oid& id);

 private:
  [[nodiscard]] std::string_view content_of(int file);

  Fd folder_;
  std::size_t largest_;
  Inflater inflater_;
  std::string in_;               ///< the last file
  std::unique_ptr<char[]> out_;  ///< what most objects fit into, header and all
};

}  // namespace worktrees::objects

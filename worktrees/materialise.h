#pragma once

#include <string>
#include <vector>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/case_twins.h"
#include "worktrees/git_handles.h"
#include "worktrees/layout.h"
#include "worktrees/need.h"
#include "worktrees/smudge.h"

namespace worktrees {

enum class Leftovers : std::uint8_t { keep, remove };

struct FolderWish {
  jobs::Oid commit;
  std::string folder;
  Leftovers leftovers = Leftovers::remove;
  std::string known = {};  ///< where it is kept what was written to the folder (known_files.h), of
                           ///< the last time and then of this one; "": nowhere
  std::string sibling = {};            ///< another worktree, to fill an empty folder from; "": none
  std::string sibling_known = {};      ///< what is kept of that one
  std::vector<std::string> cold = {};  ///< globs (land_text.h) of what goes though it is ignored
  std::vector<std::string> sparse = {};  ///< folders (sparse.h); none: everything
  Smudge smudge = {};  ///< `folder` and `scratch` are filled in; where the programs are others than
                       ///< those that wrote the folder, nothing may be known of it
  AskForRoom room = {};  ///< for what is to be written; none: nobody is asked
};

struct Filled {
  std::string index;       ///< a finished index file in layout.scratch(), to be moved into place
  bool cold_went = false;  ///< what setup made may be gone with it
  CaseTwins twins;         ///< in directories that the folder did not have as they are now
};

/// Brings `folder` to the tree of a commit, or to its sparse part, touching only files that differ.
/// With
/// Leftovers::remove, what is neither in the tree nor ignored (by the tree's own rules) goes away;
/// what is ignored always stays, but for what is cold. The config used is the mirror's; nothing in
/// the folder or in a checkout is trusted, not even an index. denied: the tree is not to be
/// written; transient: no room; conflict: the folder could not be brought into that state.
[[nodiscard]] jobs::Result<Filled> materialise(const Layout& layout, const jobs::RepoName& repo,
                                               const FolderWish& wish);

}  // namespace worktrees

#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/known_files.h"
#include "worktrees/lookout.h"
#include "worktrees/tree_list.h"
#include "worktrees/write_tree.h"

namespace worktrees {

/// A folder held against the list of what is to be in it.
struct FolderScan {
  Present present;
  std::vector<std::string> in_the_way;  ///< paths where something of another sort stands
  std::vector<std::string> extra;  ///< paths that the list does not have, each the topmost; the
                                   ///< folder's own .git is none of them
  std::vector<std::string> gone;   ///< files that were known and are in the list no more
  /// Of each directory of the list: as FolderNotes has them, of how it stands now.
  std::vector<FileStat> directories;
};

/// Looks at the directory `root`, with `workers` threads (0: by workers.h); changes nothing but
/// permissions of directories, back to those of new ones. A file is `same` if it was known with the
/// id and mode that the list wants, and has the stat of then. What `lookout`, of the same folder
/// and known files, has seen is not looked at again. No link is followed. conflict: a directory
/// cannot be read.
[[nodiscard]] jobs::Result<FolderScan> scan_folder(int root, const TreeList& list,
                                                   const KnownFiles& known, Lookout& lookout,
                                                   unsigned workers = 0);

}  // namespace worktrees

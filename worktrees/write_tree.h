#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/convert.h"
#include "worktrees/file_stat.h"
#include "worktrees/git_handles.h"
#include "worktrees/need.h"
#include "worktrees/sibling.h"
#include "worktrees/tree_list.h"

namespace worktrees {

/// What is in a folder already; none: it is empty.
struct Present {
  std::vector<FileState> files;
  std::vector<FileStat> stats;    ///< of those that are `same` or `other`
  std::vector<bool> directories;  ///< those that are there
};

/// Where files come from and go to; all of it outlives the call.
struct TreeWriting {
  const TreeList& list;
  const objects::Store& store;
  git_odb* odb;  ///< for what the store cannot read
  int root;      ///< a directory that nobody else writes to
  Converter& converter;
  const Sibling* sibling = nullptr;  ///< what it has is taken from there
  AskForRoom room = {};              ///< for all that is to be written; none: nobody is asked
  unsigned workers = 0;              ///< threads; 0: by workers.h
};

/// Writes the files of the list. Of what is `present`, nothing that is the same is touched: a file
/// whose content turns out to be right stays as it is, another gets the right one, in place where
/// nothing else about it differs from a new file. Links are made as they are, a submodule is an
/// empty directory. Permissions are those of a new file under the umask. Holds at most about 64 MB,
/// however large a file is, unless only libgit2 can read it, within its bounds (git_memory.h).
/// Returns what an index keeps, in the order of the list. conflict: something stood in the way;
/// transient: no space, too large to read.
[[nodiscard]] jobs::Result<std::vector<FileStat>> write_tree(const TreeWriting& how,
                                                             Present present);

}  // namespace worktrees

#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/convert.h"
#include "worktrees/git_handles.h"
#include "worktrees/tree_list.h"

namespace worktrees {

/// What an index keeps of a file that was written.
struct FileStat {
  std::uint32_t changed_s = 0;
  std::uint32_t changed_ns = 0;
  std::uint32_t modified_s = 0;
  std::uint32_t modified_ns = 0;
  std::uint32_t device = 0;
  std::uint32_t inode = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint32_t size = 0;
};

/// Writes the files of `list` into the empty directory `folder`, which nobody else writes to, with
/// `workers` threads (0: as many as there are cores, at most 8). Links are made as they are, a
/// submodule is an empty directory. Permissions are those of a new file under the umask. Holds at
/// most about 64 MB, however large a file is, unless only libgit2 can read it, within its bounds
/// (git_memory.h). Returns what an index keeps, in the order of the list. conflict: something stood
/// in the way; transient: no space, too large to read.
[[nodiscard]] jobs::Result<std::vector<FileStat>> write_tree(
    const TreeList& list, const objects::Store& store, git_odb* odb, const std::string& folder,
    Converter& converter, unsigned workers = 0);

}  // namespace worktrees

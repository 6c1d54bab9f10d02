#pragma once

#include <string>
#include <vector>

#include "worktrees/file_stat.h"
#include "worktrees/folder_notes.h"
#include "worktrees/tree_list.h"

namespace worktrees {

/// What a folder held when its files were last written, as the index of then says: each file that
/// still has this stat still has this content. A claim stays true whatever happens to the folder,
/// so this can be old, or have been left behind by a crash, but not by one of the machine: see
/// FolderNotes::boot.
struct KnownFiles {
  TreeList list;
  std::vector<FileStat> stats;   ///< in the order of list.files
  std::vector<bool> written;     ///< in the same order: not written are those outside a sparse cone
  std::uint32_t written_s = 0;   ///< a file that was changed then or later may have changed again
  std::uint32_t written_ns = 0;  ///< without its stat showing it (gitformat-index(5), "racy")
  FolderNotes notes;
};

/// Reads an index that index_of() wrote to `path`, with the notes behind it. Empty if there is
/// none, if it is damaged, or if it is so large that comparing takes less memory without it.
[[nodiscard]] KnownFiles read_known_files(const std::string& path);
/// The same from the bytes of such a file; the times are left 0. `at_once`: its digest is computed
/// by another thread.
[[nodiscard]] KnownFiles parse_known_files(std::string_view bytes, bool at_once = false);

}  // namespace worktrees

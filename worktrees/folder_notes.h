#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worktrees/file_stat.h"

namespace worktrees {

/// What is kept of a folder beside the index of what was written to it.
struct FolderNotes {
  std::string boot;  ///< of the machine that wrote the files (this_boot); "": not known
  /// Of each directory of the list, in its order: while it has this stat, it holds no entry but
  /// those of the list. All zero: not known. Empty: of none.
  std::vector<FileStat> directories;
};

/// Names the time since the machine was started; "" where nothing does. After a power cut a file
/// may have another content than its stat says: what is written in place can reach the disk before
/// the times of the inode do.
[[nodiscard]] std::string this_boot();

/// The notes as bytes, to stand behind those of their index; without that they say nothing. Pure.
[[nodiscard]] std::string notes_behind(std::string_view index, const FolderNotes& notes);

/// Takes the notes off the end of `bytes`, and leaves the index. Empty, and nothing taken, if there
/// are none, or if they are damaged or belong to another index. Pure.
[[nodiscard]] FolderNotes take_notes(std::string_view& bytes);

}  // namespace worktrees

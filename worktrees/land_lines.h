#pragma once

#include <cstdint>
#include <string>

#include "jobs/base/result.h"
#include "worktrees/git_handles.h"

namespace worktrees {

/// What a landing adds, in lines.
struct AddedLines {
  std::int64_t bytes = 0;
  std::string marked;       ///< first file with a pair of conflict markers
  std::string taken_whole;  ///< first changed file that was too long to be compared
};

/// Of every file of a comparison of two trees. A new file is read piece by piece and counts whole;
/// a changed one is compared in memory, or counts whole if that would take too much of it.
[[nodiscard]] jobs::Result<AddedLines> added_lines(git_repository* mirror, const git_diff* diff);

/// Bytes of the largest file that was added or changed, by headers only, so that a huge object is
/// refused before it is read.
[[nodiscard]] jobs::Result<std::int64_t> biggest_new_file(git_repository* mirror,
                                                          const git_diff* diff);

}  // namespace worktrees

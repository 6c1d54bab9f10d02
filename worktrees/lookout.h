#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/children.h"
#include "worktrees/known_files.h"
#include "worktrees/workers.h"

namespace worktrees {

/// What stands where a known file was.
enum class Now : std::uint8_t {
  unseen,   ///< not looked at: the directory is not as it was noted
  nothing,  ///< it is gone
  same,     ///< a file or link with the stat of then, which is old enough to be believed
  other,    ///< another file or link
  special,  ///< a directory, or whatever is where a submodule was
};

/// What can be seen of a folder without the list of what is to be in it.
struct Looked {
  std::vector<Now> files;         ///< of each known file
  std::vector<FileStat> stats;    ///< of those that are `same` or `other`
  std::vector<char> directories;  ///< of each known one: 1 if it has the stat of its notes and the
                                  ///< permissions of a new one, and so no entry but known ones
};

/// Looks at what is known of the directory `root`, with other threads from the moment it is made,
/// while its caller finds out what the folder is to hold. Changes nothing, follows no link. `root`
/// and `known` outlive it. `workers`: as do_tasks.
class Lookout {
 public:
  Lookout(int root, const KnownFiles& known, unsigned workers = 0);

  /// Once: the caller takes part in what is left.
  [[nodiscard]] jobs::Result<Looked> finish();

 private:
  void look_at(std::size_t number);
  void look_at_file(std::uint32_t number, int folder);

  int root_;
  const KnownFiles& known_;
  const mode_t permissions_;  // of a new directory
  Children files_;
  Looked looked_;
  std::optional<Crew> crew_;  // last: its threads use the others
};

/// Was it changed before the known files were written down? What was changed then or later may have
/// been changed once more, with the same stat.
[[nodiscard]] bool is_old(const FileStat& stat, const KnownFiles& known);

}  // namespace worktrees

#pragma once

#include <cstddef>
#include <vector>

#include "worktrees/need.h"
#include "worktrees/objects/store.h"
#include "worktrees/write_tree.h"

/// What is to be written, in which order, and what it will take. Private to this room.
namespace worktrees {

struct WriteTask {
  objects::Place place;  ///< of the object; none: it is not in a pack, or need not be decoded
  std::size_t file = 0;  ///< its number in the list
};

/// The sibling may have this file as it is to be.
[[nodiscard]] bool may_copy(const TreeWriting& how, std::size_t file);

/// All that is not the same already. First what is likely to be found elsewhere, then the rest in
/// the order of the packs, where deltas and their bases are near one another.
[[nodiscard]] std::vector<WriteTask> plan_writing(const TreeWriting& how, const Present& present);

/// Of these tasks and the directories that are not there, before any conversion. A file that
/// replaces another needs what it is longer.
[[nodiscard]] Need need_of(const TreeWriting& how, const Present& present,
                           const std::vector<WriteTask>& tasks);

}  // namespace worktrees

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jobs/model/fleet.h"
#include "jobs/model/run.h"

namespace jobs {

/// What a worktree on disk is there for.
enum class TreeState : std::uint8_t {
  live,    ///< a live run works in it
  kept,    ///< its run waits for a person, and it stays until then
  ended,   ///< its run is over; the next tick hands it back
  idle,    ///< in the pool, for the next run
  orphan,  ///< belongs to no run that would hand it back
  trash,   ///< removed already, its files not yet deleted
};
[[nodiscard]] std::string_view to_string(TreeState state);

/// A tree as it was found.
struct FoundTree {
  bool trash = false;
  bool recorded = false;  ///< the runner has a record beside it
  std::string run;        ///< that its record names; "" = none
};

struct TreeVerdict {
  TreeState state = TreeState::orphan;
  std::optional<TimePoint> until;  ///< kept: the end of it
  std::string why;                 ///< one line for people
  /// May go when a person asks for room: no live run, and nobody was promised that it stays.
  bool may_go = false;
};

/// `run`: the row of the run that the record names; none if the store has none. It must have been
/// read after the tree was found: runs are recorded before their worktrees are made.
[[nodiscard]] TreeVerdict judge_tree(const FoundTree& tree, const Run* run,
                                     const Retention& retention, TimePoint now);

/// How long the worktree of a run that has ended stays: those that a person will look at longer
/// than those of runs that are simply done.
[[nodiscard]] Duration kept_for(const Run& run, const Retention& retention);

}  // namespace jobs

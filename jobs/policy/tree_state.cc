#include "jobs/policy/tree_state.h"

#include <fmt/format.h>

#include "jobs/base/time.h"

namespace jobs {

std::string_view to_string(TreeState state) {
  switch (state) {
    case TreeState::live: return "live";
    case TreeState::kept: return "kept";
    case TreeState::ended: return "ended";
    case TreeState::idle: return "idle";
    case TreeState::orphan: return "orphan";
    case TreeState::trash: return "trash";
  }
  return "";
}

Duration kept_for(const Run& run, const Retention& retention) {
  const bool human = run.outcome == Outcome::needs_human || run.outcome == Outcome::frozen;
  return human ? retention.kept_worktrees : Duration::zero();
}

TreeVerdict judge_tree(const FoundTree& tree, const Run* run, const Retention& retention,
                       TimePoint now) {
  if (tree.trash) {
    return {TreeState::trash, {}, "removed already", true};
  }
  if (!tree.recorded) {
    return {TreeState::orphan, {}, "the runner has no record of it", true};
  }
  if (tree.run.empty()) {
    return {TreeState::idle, {}, "warm for the next run", true};
  }
  if (run == nullptr) {
    return {TreeState::orphan, {}, "its run is not in this state", true};
  }
  if (run->live()) {
    return {TreeState::live, {}, fmt::format("{} is worked on", run->issue.str()), false};
  }
  if (run->worktree_released || run->worktree.empty()) {
    return {TreeState::orphan, {}, "its run handed it back already", true};
  }
  const std::string outcome(run->outcome ? to_string(*run->outcome) : "ended");
  const TimePoint until = run->ended_at.value_or(run->updated_at) + kept_for(*run, retention);
  if (until > now) {
    return {TreeState::kept, until, fmt::format("{} until {}", outcome, format_time(until)), false};
  }
  return {TreeState::ended, {}, fmt::format("its run is over: {}", outcome), true};
}

}  // namespace jobs

#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/oracle/observation.h"

/// Judges DESIGN section 15 over what was observed. Pure; never asks product code.
namespace oracle {

struct Finding {
  int invariant = 0;
  std::string text;
};

/// What the judged fleet was configured with, and what the harness did to it.
struct Rules {
  std::string ready = "ready-for-agent";
  std::string in_progress = "agent-in-progress";
  std::string human = "ready-for-human";
  std::string bot = "runner";
  /// Marker in the runner's own checklist comment.
  std::string comment_marker = "<!-- runner:checklist -->";
  std::string base_branch = "main";
  /// Reservation of one turn; spend may pass a cap by no more than this.
  Amount per_turn;
  /// Caps over everything observed; zero = none.
  Amount cap;
  /// Issues that a person may have closed after their run had ended.
  std::set<IssueName> closed_by_people;
  /// Turns whose processes may still live because their deadline has not come.
  bool turns_may_run = false;
  /// Secrets that may stand nowhere.
  std::vector<std::string> secrets;
};

/// True at every instant, also between two system calls of a tick: invariants 1, 2, 5, 10.
[[nodiscard]] std::vector<Finding> judge_always(const Observation& now, const Rules& rules);

/// True once ticks have converged (two in a row changed nothing, no turn runs): in addition 3, 4,
/// 6, 9, 14: outbox drained, labels, comment, worktree and ledger agree with the runs' ends.
[[nodiscard]] std::vector<Finding> judge_quiet(const Observation& now, const Rules& rules);

/// True between an earlier and a later look: landed commits stay in the history of the base branch,
/// ledger lines are never changed or lost (retention aside), counters and the lease's epoch never
/// go backwards, an ended run keeps its outcome.
[[nodiscard]] std::vector<Finding> judge_between(const Observation& before,
                                                 const Observation& after);

[[nodiscard]] std::string describe(const std::vector<Finding>& findings);

}  // namespace oracle

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/model/issue.h"
#include "jobs/model/ledger.h"
#include "jobs/model/run.h"
#include "jobs/model/turn.h"
#include "jobs/ports/ci.h"
#include "jobs/ports/pulls.h"
#include "jobs/ports/workspace.h"

namespace jobs {

/// One live run as it is now: its row and what was observed about it. The interpreter decides from
/// this alone.
struct RunView {
  Run run;
  std::optional<Turn> turn;  ///< its newest turn
  TurnFacts turn_facts;      ///< of that turn
  bool turn_read =
      true;  ///< false = the turn could not be looked at in this tick; turn_facts say nothing
  std::optional<TimePoint> stop_asked;    ///< when we last asked for this turn's stop
  std::optional<WorktreeFacts> worktree;  ///< none = could not be read in this tick
  std::optional<CiReport> ci;  ///< of run.landed, while a pull request is open of run.head; none =
                               ///< not landed, or could not be read in this tick
  bool has_ci = true;          ///< the repository names a CI
  bool by_pull = false;        ///< the repository lands by pull request
  bool merges = false;         ///< and the runner merges it when it is green
  std::optional<PullFacts> pull;  ///< of the branch that was pushed for it; none = there is none,
                                  ///< or it could not be read in this tick
  bool pull_read = false;         ///< it could be read
  std::optional<Oid> base_now;    ///< head of the base branch, where a merge depends on it
  Duration ci_deadline{};
  std::vector<std::string> base_failing;  ///< checks that were red on the base before this run
                                          ///< landed, sorted; empty = not red
  std::optional<Issue> issue;             ///< none = the tracker could not be read in this tick
  bool issue_missing = false;             ///< the tracker says that there is no such issue
  bool allowlisted = true;
  std::optional<std::string> cancel_requested;  ///< a person asked for it: who and why
  std::vector<Attempt> attempts;                ///< of the issue, over all its runs
  std::vector<Brake> parked;     ///< brakes in force that open by themselves, of the agents of this
                                 ///< run's pipeline
  std::string agent;             ///< the repository's
  bool canary_away = false;      ///< another run is trying one of these agents now
  bool effects_pending = false;  ///< outbox rows of this run that are not finished
  std::string reached_cap;       ///< not empty: no agent turn may be reserved now
  std::vector<std::string> errors;  ///< what could not be observed, one line each
};

}  // namespace jobs

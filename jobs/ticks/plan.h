#pragma once

#include <string>
#include <vector>

#include "jobs/model/decision.h"
#include "jobs/model/fleet.h"
#include "jobs/pipelines/run_view.h"
#include "jobs/policy/poll_facts.h"
#include "jobs/ports/store.h"

namespace jobs {

/// What one job wants to do with one run, for people and for the log.
struct PlannedStep {
  RunId run;
  IssueKey issue;
  std::string action;  ///< stable word: "start", "wait", "advance", ...
  std::string detail;  ///< one line
};

/// A job's plan: data only. Recording `change` in one transaction is what makes it real; its
/// effects come afterwards.
struct Plan {
  std::vector<PlannedStep> steps;  ///< what happens to runs, also "wait"
  std::vector<std::string>
      problems;   ///< what could not be observed, one line each, with its repository or run
  Change change;  ///< poll: with a decision for every candidate, exactly once
};

/// Chooses what starts. The kill switch being on gives an empty plan without a look at anything
/// else (invariant 8).
[[nodiscard]] Plan poll(const PollFacts& facts, const Fleet& fleet, TimePoint now);

/// One live run, one step: what the jobs watch and fix-forward do. They differ only in which
/// actions they may carry out.
[[nodiscard]] Plan watch(RunView view, const Fleet& fleet, TimePoint now);
[[nodiscard]] Plan fix_forward(RunView view, const Fleet& fleet, TimePoint now);

/// What the janitor compares: the four ledgers (store, worktrees, processes, tracker).
struct JanitorFacts {
  std::vector<Run> runs;                           ///< all of them, live and ended
  std::vector<WorktreeEntry> worktrees;            ///< on disk
  std::vector<std::string> turn_directories;       ///< on disk
  std::vector<std::string> live_turn_directories;  ///< turns that have not ended, by the store
  std::vector<OutboxRow> outbox;                   ///< unfinished rows
  std::vector<IssueKey> in_progress;  ///< issues that carry the in-progress label on the tracker
};

/// What the janitor does beside the recorded effects: removals that need no record because doing
/// them twice is harmless.
struct JanitorPlan {
  Plan plan;                                    ///< release_worktree effects of ended runs
  std::vector<WorktreeEntry> orphan_worktrees;  ///< belong to no run of the store
  std::vector<std::string> remove_turns;        ///< turn directories past retention
  std::vector<std::string>
      reap_turns;  ///< directories of turns that are over: whatever still runs there is killed
  std::vector<std::string> notes;  ///< found but left for a person, one line each
};

[[nodiscard]] JanitorPlan janitor(const JanitorFacts& facts, const Fleet& fleet, TimePoint now);

}  // namespace jobs

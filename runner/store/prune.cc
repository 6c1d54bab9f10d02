// Retention: what is old and referred to by nothing goes; totals and money stay.
#include <algorithm>
#include <set>

#include "runner/store/rows.h"
#include "runner/store/sqlite_store.h"

namespace runner::store {

namespace {

/// Two of the longest month: a ledger row inside a daily or monthly window is never touched.
constexpr jobs::Duration kLedgerKept = std::chrono::hours(24) * 62;

/// Ended before `before`, with no worktree, no unfinished effect, no request, and no open
/// reservation. Where the ready label could not be taken off, the run is all that keeps its issue
/// from starting again (invariant 9): it stays, unless a person released it.
jobs::Result<std::vector<jobs::RunId>> prunable(Step& step, jobs::TimePoint before) {
  RUNNER_ASSIGN(
      const auto rows,
      select(
          step.database, runs_table(),
          // Ended before it was made: the clock was set back for a while.
          "WHERE step = 'ended' AND max(ended_at, created_at) < ? AND (worktree_released = 1 OR "
          "worktree = '') "
          "AND NOT EXISTS(SELECT 1 FROM outbox WHERE outbox.run = runs.id AND finished_at IS NULL) "
          "AND NOT EXISTS(SELECT 1 FROM requests WHERE requests.run = runs.id) "
          "AND (released = 1 OR NOT EXISTS(SELECT 1 FROM outbox WHERE outbox.run = runs.id AND "
          "kind = 'set-labels' AND state = 'given-up'))",
          {before.time_since_epoch().count()}));
  std::vector<jobs::RunId> result;
  for (const Row& row : rows) {
    RUNNER_ASSIGN(const jobs::Run run, run_from(row));
    if (!step.ledger.has_open(run.id)) {
      result.push_back(run.id);
    }
  }
  return result;
}

jobs::Result<std::set<jobs::RunId>> live_runs(Step& step) {
  std::set<jobs::RunId> live;
  RUNNER_ASSIGN(const auto rows, select(step.database, runs_table(), "WHERE step <> 'ended'"));
  for (const Row& row : rows) {
    RUNNER_ASSIGN(const jobs::Run run, run_from(row));
    live.insert(run.id);
  }
  return live;
}

jobs::Status prune_runs(Step& step, jobs::TimePoint before) {
  RUNNER_ASSIGN(const auto runs, prunable(step, before));
  for (const jobs::RunId& run : runs) {
    for (const SealedTable* table : {&turns_table(), &attempts_table(), &outbox_table()}) {
      RUNNER_TRY(erase(step.database, step.seals, *table, "WHERE run = ?", {run.str()}));
    }
    RUNNER_TRY(step.database.run("DELETE FROM events WHERE run = ?", {run.str()}));
    RUNNER_TRY(erase(step.database, step.seals, runs_table(), "WHERE id = ?", {run.str()}));
  }
  const std::int64_t limit = before.time_since_epoch().count();
  RUNNER_TRY(erase(step.database, step.seals, outbox_table(),
                   "WHERE run IS NULL AND finished_at < ?", {limit}));
  RUNNER_TRY(erase(step.database, step.seals, brakes_table(), "WHERE cleared_at < ?", {limit}));
  return erase(step.database, step.seals, pauses_table(), "WHERE cleared_at < ?", {limit});
}

}  // namespace

jobs::Status SqliteStore::prune(const jobs::Lease& lease, const jobs::PruneSpec& spec) {
  return writing(&lease, [&](Step& step) -> jobs::Status {
    if (spec.ended_runs_before) {
      RUNNER_TRY(prune_runs(step, *spec.ended_runs_before));
      // The store has no clock; the lease's end is never before the present.
      step.ledger_changed = true;
      RUNNER_ASSIGN(const std::set<jobs::RunId> live, live_runs(step));
      RUNNER_TRY(step.ledger.prune(
          step.database, step.seals,
          std::min(*spec.ended_runs_before, lease.expires_at - kLedgerKept), live));
    }
    if (spec.decisions_before) {
      const std::int64_t limit = spec.decisions_before->time_since_epoch().count();
      RUNNER_TRY(step.database.run(
          "DELETE FROM decisions WHERE tick IN (SELECT id FROM ticks WHERE started_at < ?)",
          {limit}));
      RUNNER_TRY(step.database.run("DELETE FROM ticks WHERE started_at < ?", {limit}));
    }
    return jobs::ok();
  });
}

}  // namespace runner::store

// Writing a Change: the rows, what they refer to, and the totals that count them.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "runner/store/cells.h"
#include "runner/store/rows.h"
#include "runner/store/sqlite_store.h"

namespace runner::store {

namespace {

using jobs::ErrorKind;
using jobs::fail;

jobs::Status put_run(Step& step, const jobs::Run& run) {
  const std::string& repo = run.issue.repo.str();
  RUNNER_ASSIGN(const auto old_rows,
                select(step.database, runs_table(), "WHERE id = ?", {run.id.str()}));
  std::optional<jobs::Run> old;
  if (!old_rows.empty()) {
    RUNNER_ASSIGN(old, run_from(old_rows.front()));
    if (old->issue != run.issue) {
      return fail(ErrorKind::bug, fmt::format("run {} belongs to {} and not to {}", run.id.str(),
                                              old->issue.str(), run.issue.str()));
    }
  }
  if (run.live()) {
    RUNNER_ASSIGN(const auto others,
                  step.database.rows(
                      "SELECT id, number FROM runs WHERE repo = ? AND step <> 'ended' AND id <> ?",
                      {repo, run.id.str()}));
    if (!others.empty()) {
      RowReader other("runs", others.front());
      const std::string id = other.text();
      return fail(ErrorKind::conflict, fmt::format("{} has a live run already: {} for issue {}",
                                                   repo, id, other.number()));
    }
  }
  RUNNER_TRY(put(step.database, step.seals, runs_table(), to_row(run)));
  if (!old) {
    RUNNER_TRY(bump(step, "runs_started", {repo}, 1));
  }
  if (!run.live() && (!old || old->live())) {
    RUNNER_TRY(bump(step, "runs_ended",
                    {repo, run.outcome ? std::string(to_string(*run.outcome)) : "none"}, 1));
  }
  RUNNER_TRY(bump(step, "landings", {repo}, run.landings - (old ? old->landings : 0)));
  return bump(step, "fix_attempts", {repo}, run.fix_attempts - (old ? old->fix_attempts : 0));
}

/// The repository of a run that must be there.
jobs::Result<std::string> repo_of(Step& step, const jobs::RunId& run, const char* what) {
  RUNNER_ASSIGN(const auto rows,
                step.database.rows("SELECT repo FROM runs WHERE id = ?", {run.str()}));
  if (rows.empty()) {
    return fail(ErrorKind::bug,
                fmt::format("{} refers to run {}, which is not there", what, run.str()));
  }
  RowReader in("runs", rows.front());
  return in.text();
}

jobs::Status put_turn(Step& step, const jobs::Turn& turn) {
  RUNNER_ASSIGN(const std::string repo, repo_of(step, turn.run, "a turn"));
  RUNNER_ASSIGN(const auto old_rows,
                select(step.database, turns_table(), "WHERE run = ? AND number = ?",
                       {turn.run.str(), std::int64_t{turn.number}}));
  bool was_ended = false;
  if (!old_rows.empty()) {
    RUNNER_ASSIGN(const jobs::Turn old, turn_from(old_rows.front()));
    was_ended = old.state == jobs::TurnState::ended;
  }
  RUNNER_TRY(put(step.database, step.seals, turns_table(), to_row(turn)));
  if (turn.state != jobs::TurnState::ended || was_ended) {
    return jobs::ok();
  }
  const jobs::TurnEnd end = turn.exit ? turn.exit->end : jobs::TurnEnd::lost;
  return bump(step, "turns",
              {repo, turn.agent, std::string(to_string(turn.kind)), std::string(to_string(end))},
              1);
}

jobs::Status add_attempt(Step& step, const jobs::Attempt& attempt) {
  RUNNER_TRY(repo_of(step, attempt.run, "an attempt"));
  const Row row = to_row(attempt);
  RUNNER_ASSIGN(
      const auto known,
      step.database.rows(
          "SELECT 1 FROM attempts WHERE repo = ? AND number = ? AND head = ? AND failing_set = ?",
          {row[0], row[1], row[2], row[3]}));
  return known.empty() ? put(step.database, step.seals, attempts_table(), row) : jobs::ok();
}

jobs::Status add_ledger(Step& step, const jobs::LedgerRow& row) {
  step.ledger_changed = true;
  RUNNER_TRY(step.ledger.append(step.database, step.seals, row));
  if (row.kind != jobs::LedgerKind::settle) {
    return jobs::ok();
  }
  RUNNER_TRY(
      bump(step, "spent_usd_micros", {row.issue.repo.str(), row.agent}, row.amount.usd.micros));
  return bump(step, "spent_tokens", {row.issue.repo.str(), row.agent}, row.amount.tokens);
}

jobs::Status add_effect(Step& step, const jobs::Effect& effect) {
  if (!effect.run.empty()) {
    RUNNER_TRY(repo_of(step, effect.run, "an effect"));
  }
  RUNNER_ASSIGN(const auto known,
                step.database.rows("SELECT 1 FROM outbox WHERE key = ?", {effect.key}));
  if (!known.empty()) {
    return jobs::ok();
  }
  RUNNER_ASSIGN(Seal* const seal, step.seals.of(outbox_table().name));
  return put(
      step.database, step.seals, outbox_table(),
      to_row(jobs::OutboxRow{.id = seal->next_id++, .effect = effect, .recorded_at = effect.at}));
}

jobs::Status add_brake(Step& step, jobs::Brake brake) {
  // The same stop found again is one stop: one person's release must be enough.
  RUNNER_ASSIGN(const auto known,
                step.database.rows("SELECT 1 FROM brakes WHERE scope = ? AND reason = ? AND "
                                   "fingerprint = ? AND cleared_at IS NULL",
                                   {brake.scope, brake.reason, brake.fingerprint}));
  if (!known.empty()) {
    return jobs::ok();
  }
  RUNNER_ASSIGN(Seal* const seal, step.seals.of(brakes_table().name));
  brake.id = seal->next_id++;
  return put(step.database, step.seals, brakes_table(), to_row(brake));
}

jobs::Status add_decision(Step& step, const jobs::TickId& tick, const jobs::Decision& decision) {
  const std::string& repo = decision.issue.repo.str();
  const std::string reason(to_string(decision.reason));
  RUNNER_TRY(
      step.database.run("INSERT INTO decisions(tick, repo, number, title, reason, detail, gates) "
                        "VALUES(?, ?, ?, ?, ?, ?, ?)",
                        {tick.str(), repo, decision.issue.number, decision.title, reason,
                         decision.detail, gates_to_text(decision.gates)}));
  return bump(step, "decisions", {repo, reason}, 1);
}

/// When the tick began: the time of what a change does without saying when.
jobs::Result<jobs::TimePoint> start_of(Step& step, const jobs::TickId& tick) {
  RUNNER_ASSIGN(const auto rows,
                step.database.rows("SELECT started_at FROM ticks WHERE id = ?", {tick.str()}));
  if (rows.empty()) {
    return fail(ErrorKind::bug, fmt::format("tick {} writes but was never begun", tick.str()));
  }
  RowReader in("ticks", rows.front());
  return in.time();
}

template <typename T>
jobs::Status each(Step& step, const std::vector<T>& items, jobs::Status (*write)(Step&, const T&)) {
  for (const T& item : items) {
    RUNNER_TRY(write(step, item));
  }
  return jobs::ok();
}

}  // namespace

jobs::Status bump(Step& step, const char* name, const std::vector<std::string>& labels,
                  std::int64_t by) {
  if (by <= 0) {
    return jobs::ok();
  }
  // The sum stops at the largest integer instead of turning into something that is none.
  return step.database.run(
      "INSERT INTO counters(name, labels, value) VALUES(?1, ?2, ?3) ON CONFLICT(name, labels) DO "
      "UPDATE SET "
      "value = CASE WHEN value > 9223372036854775807 - excluded.value THEN 9223372036854775807 "
      "ELSE value + excluded.value END",
      {std::string(name), list_to_text(labels), by});
}

jobs::Status clear_brakes_in(Step& step, const std::vector<std::int64_t>& ids,
                             const std::string& by, jobs::TimePoint now) {
  for (const std::int64_t id : ids) {
    RUNNER_ASSIGN(const auto rows, select(step.database, brakes_table(), "WHERE id = ?", {id}));
    if (rows.empty()) {
      return fail(ErrorKind::not_found, fmt::format("there is no brake {}", id));
    }
    RUNNER_ASSIGN(jobs::Brake brake, brake_from(rows.front()));
    if (brake.in_force()) {
      brake.cleared_by = by;
      brake.cleared_at = now;
      RUNNER_TRY(put(step.database, step.seals, brakes_table(), to_row(brake)));
    }
  }
  return jobs::ok();
}

jobs::Status apply_change(Step& step, const jobs::TickId& tick, const jobs::Change& change,
                          const std::optional<jobs::TimePoint>& now) {
  RUNNER_ASSIGN(const jobs::TimePoint tick_start, start_of(step, tick));
  // Runs that end make room for those that begin in the same step.
  for (const bool live : {false, true}) {
    for (const jobs::Run& run : change.runs) {
      if (run.live() == live) {
        RUNNER_TRY(put_run(step, run));
      }
    }
  }
  RUNNER_TRY(each(step, change.turns, put_turn));
  RUNNER_TRY(each(step, change.attempts, add_attempt));
  RUNNER_TRY(each(step, change.ledger, add_ledger));
  RUNNER_TRY(each(step, change.effects, add_effect));
  for (const jobs::Event& event : change.events) {
    RUNNER_TRY(step.database.run(
        "INSERT INTO events(run, at, kind, detail) VALUES(?, ?, ?, ?)",
        {event.run.str(), event.at.time_since_epoch().count(), event.kind, event.detail}));
  }
  for (const jobs::Brake& brake : change.brakes_set) {
    RUNNER_TRY(add_brake(step, brake));
  }
  RUNNER_TRY(
      clear_brakes_in(step, change.brakes_cleared, change.cleared_by, now.value_or(tick_start)));
  for (const jobs::Decision& decision : change.decisions) {
    RUNNER_TRY(add_decision(step, tick, decision));
  }
  for (const jobs::Request& request : change.requests_done) {
    RUNNER_TRY(erase(step.database, step.seals, requests_table(), "WHERE run = ? AND kind = ?",
                     {request.run.str(), std::string(to_string(request.kind))}));
  }
  return jobs::ok();
}

}  // namespace runner::store

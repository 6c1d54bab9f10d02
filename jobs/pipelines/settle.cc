#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/pipelines/run_change.h"
#include "jobs/pipelines/transition.h"
#include "jobs/policy/breaker.h"

namespace jobs {

namespace {

/// A report that subtracts says nothing.
bool is_usage(const Usage& usage) {
  return usage.usd.micros >= 0 && usage.tokens >= 0;
}

/// The ledger row that ends a turn's reservation: what it reported, or all of it where nothing is
/// known. Of a turn whose supervisor died, or whose stream has no end, only the last report before
/// that is known: it may have cost more, so it is charged its reservation at least.
LedgerRow settlement(const Run& run, const Turn& turn, const std::optional<Usage>& reported,
                     TimePoint now) {
  const bool known = reported && is_usage(*reported);
  const bool lost = turn.exit && (turn.exit->end == TurnEnd::lost ||
                                  // Its stream says the sums at its end only.
                                  turn.exit->agent == AgentEnd::unfinished);
  LedgerRow row;
  row.kind = LedgerKind::settle;
  row.issue = run.issue;
  row.run = run.id;
  row.turn = turn.number;
  row.agent = turn.agent;
  row.at = now;
  row.estimated = !known || lost;
  row.amount = known ? *reported : RUNNER_PLANTED(unknown_usage_is_free) ? Usage{} : turn.reserved;
  if (known && lost) {
    row.amount.usd = std::max(row.amount.usd, turn.reserved.usd);
    row.amount.tokens = std::max(row.amount.tokens, turn.reserved.tokens);
  }
  row.amount.turns = 1;
  if (turn.started_at && turn.ended_at) {
    row.amount.seconds =
        std::chrono::duration_cast<std::chrono::seconds>(*turn.ended_at - *turn.started_at).count();
  }
  // A clock that was set back earns nothing; the ledger refuses negative amounts.
  row.amount.seconds = std::max<std::int64_t>(row.amount.seconds, 0);
  return row;
}

LedgerRow release(const Run& run, const Turn& turn, TimePoint now) {
  LedgerRow row;
  row.kind = LedgerKind::release;
  row.issue = run.issue;
  row.run = run.id;
  row.turn = turn.number;
  row.agent = turn.agent;
  row.at = now;
  return row;
}

std::string ended_line(const Turn& turn) {
  const TurnExit& exit = *turn.exit;
  std::string line = fmt::format("turn {} ({}) {}", turn.number, turn.stage, to_string(exit.end));
  if (exit.end == TurnEnd::exited) {
    line += fmt::format(" {}", exit.exit_code);
  } else if (exit.end == TurnEnd::signalled) {
    line += fmt::format(" {}", exit.signal);
  }
  const bool told = exit.detail.empty() || exit.end == TurnEnd::exited;
  return told ? line : line + ": " + one_line(exit.detail, 300);
}

/// A turn that was planned, will not be started any more (its run is ending) and never was.
bool never_started(const RunView& view) {
  return view.run.step == RunStep::ending && view.turn->state == TurnState::planned &&
         !view.effects_pending && view.turn_facts.state == TurnFacts::State::absent;
}

/// A turn that the agent's provider answered is the canary that lifts the agent's brake.
void lift_parked(const RunView& view, const Turn& turn, RunChange& change) {
  bool answered = false;
  switch (turn.exit->agent) {
    case AgentEnd::success:
    case AgentEnd::failed:
    case AgentEnd::empty:
    case AgentEnd::refused:
    case AgentEnd::budget: answered = true; break;
    case AgentEnd::none:
    case AgentEnd::unfinished:
    case AgentEnd::quota:
    case AgentEnd::overload:
    case AgentEnd::authentication:
    case AgentEnd::no_session: break;
  }
  for (const Brake& brake : view.parked) {
    if (answered && brake.scope == agent_scope(turn.agent) && turn.planned_at >= brake.set_at) {
      change.lift(brake, fmt::format("turn {} was answered", turn.number));
      change.event("brake-lifted", brake.scope);
    }
  }
}

void settle_turn(const RunView& view, RunChange& change, bool& changed) {
  Turn turn = *view.turn;
  const TurnFacts& facts = view.turn_facts;
  const bool is_agent = turn.kind != TurnKind::command;
  if (RUNNER_PLANTED(settled_late) && is_agent && view.run.step != RunStep::ending) {
    return;
  }
  if (never_started(view)) {
    turn.state = TurnState::ended;
    turn.exit = TurnExit{.end = TurnEnd::stopped,
                         .exit_code = 0,
                         .signal = 0,
                         .detail = "never started",
                         .at = change.now()};
    turn.ended_at = change.now();
    if (is_agent) {
      change.ledger(release(view.run, turn, change.now()));
    }
  } else if (facts.state == TurnFacts::State::ended && facts.exit) {
    turn.state = TurnState::ended;
    turn.exit = facts.exit;
    turn.usage = facts.usage;
    turn.started_at = facts.started_at;
    turn.ended_at = facts.exit->at.value_or(change.now());
    if (!facts.session.empty()) {
      turn.session = facts.session;
    }
    const bool forgotten =
        RUNNER_PLANTED(not_settled_on_cancel) && view.run.outcome == Outcome::cancelled;
    if (is_agent && !forgotten) {
      const bool spent = facts.exit->end != TurnEnd::not_started;
      change.ledger(spent ? settlement(view.run, turn, facts.usage, change.now())
                          : release(view.run, turn, change.now()));
    }
    lift_parked(view, turn, change);
  } else if (turn.state == TurnState::planned && (facts.state == TurnFacts::State::running ||
                                                  facts.state == TurnFacts::State::starting)) {
    turn.state = TurnState::running;
    turn.started_at = facts.started_at;
    change.event("turn-started",
                 fmt::format("turn {} ({}) runs, contained by {}", turn.number, turn.stage,
                             facts.containment.empty() ? "unknown" : facts.containment));
  } else {
    return;
  }
  if (turn.state == TurnState::ended) {
    change.event("turn-ended", ended_line(turn));
  }
  change.turn(std::move(turn));
  changed = true;
}

/// A turn that is gone without a trace (its directory was deleted) still ends in the books, charged
/// in full.
void settle_vanished(const RunView& view, RunChange& change, bool& changed) {
  const bool vanished =
      view.turn->state == TurnState::running && view.turn_facts.state == TurnFacts::State::absent;
  const bool start_lost = view.turn->state == TurnState::planned &&
                          view.turn_facts.state == TurnFacts::State::absent &&
                          !view.effects_pending && view.run.step == RunStep::turning;
  if (!vanished && !start_lost) {
    return;
  }
  Turn turn = *view.turn;
  turn.state = TurnState::ended;
  turn.exit = TurnExit{.end = TurnEnd::lost,
                       .exit_code = 0,
                       .signal = 0,
                       .detail = "its directory is gone",
                       .at = change.now()};
  turn.ended_at = change.now();
  if (turn.kind != TurnKind::command) {
    change.ledger(settlement(view.run, turn, std::nullopt, change.now()));
  }
  change.event("turn-ended", ended_line(turn));
  change.turn(std::move(turn));
  changed = true;
}

void settle_phase(const RunView& view, RunChange& change, bool& changed) {
  // An agent may only report what it can know in its worktree; later phases need the runner's own
  // evidence.
  for (const std::string& reported : view.turn_facts.phases) {
    const std::optional<Phase> phase = parse_phase(reported);
    if (phase == Phase::tests_red && change.run().phase < Phase::tests_red) {
      change.run().phase = Phase::tests_red;
      changed = true;
    }
  }
}

void settle_ci(const RunView& view, RunChange& change, bool& changed) {
  Run& run = change.run();
  if (run.step != RunStep::watching || !view.ci) {
    return;
  }
  if (view.ci->verdict == Verdict::fail) {
    std::vector<std::string> failing = view.ci->failing();
    if (!run.first_red_at || run.failing != failing) {
      run.first_red_at = run.first_red_at.value_or(change.now());
      run.failing = std::move(failing);
      change.event("ci-red", fmt::format("{}: {}", run.landed.str().substr(0, 12),
                                         fmt::join(run.failing, ", ")));
      changed = true;
    }
  } else if (view.ci->verdict == Verdict::pass && run.phase < Phase::deployed) {
    run.phase = Phase::deployed;
    run.failing.clear();
    change.event("ci-green", run.landed.str().substr(0, 12));
    changed = true;
  }
}

}  // namespace

Change settle(RunView& view, const Fleet& fleet, TimePoint now) {
  RunChange change(view.run, fleet, now);
  bool changed = false;
  if (view.turn_facts.state == TurnFacts::State::ended && !view.turn_facts.exit) {
    // An end that cannot be read must not be waited for: it is that of a turn that was lost.
    view.turn_facts.exit = TurnExit{.end = TurnEnd::lost,
                                    .exit_code = 0,
                                    .signal = 0,
                                    .detail = "how it ended could not be read",
                                    .at = now};
  }
  if (view.turn && view.turn_read && view.turn->state != TurnState::ended) {
    settle_turn(view, change, changed);
    if (!changed) {
      settle_vanished(view, change, changed);
    }
    settle_phase(view, change, changed);
  }
  if (view.worktree && !view.worktree->head.empty() && view.worktree->head != change.run().head) {
    change.run().head = view.worktree->head;
    changed = true;
  }
  settle_ci(view, change, changed);
  if (!changed) {
    return {};
  }
  Change rows = std::move(change).take();
  view.run = rows.runs.front();
  if (!rows.turns.empty()) {
    view.turn = rows.turns.front();
    if (view.turn->state == TurnState::ended && view.turn_facts.state != TurnFacts::State::ended) {
      view.turn_facts.state = TurnFacts::State::ended;
      view.turn_facts.exit = view.turn->exit;
    }
  }
  return rows;
}

}  // namespace jobs

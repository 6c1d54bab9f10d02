#include "jobs/pipelines/transition.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "jobs/pipelines/run_change.h"
#include "jobs/policy/breaker.h"

namespace jobs {

namespace {

Oid head_of(const RunView& view) {
  return view.worktree && !view.worktree->head.empty() ? view.worktree->head : view.run.head;
}

TurnKind retry_kind(const RunView& view, const Stage& stage) {
  if (stage.kind == StageKind::command) {
    return TurnKind::command;
  }
  return view.turn && view.turn->kind == TurnKind::corrective ? TurnKind::corrective
                                                              : TurnKind::opening;
}

void land(const Action& action, RunChange& change) {
  change.run().step = RunStep::landing;
  Effect land;
  land.kind = EffectKind::land;
  land.target = action.merged.str();
  change.effect(std::move(land));
}

void advance(const RunView& view, const Action& action, const Pipeline& pipeline,
             RunChange& change) {
  Run& run = change.run();
  if (stage_named(pipeline, run.stage).kind == StageKind::command && view.worktree) {
    // What was verified is a tree: landing pushes nothing else (invariant 10).
    run.verified_tree = view.worktree->head_tree;
    run.verified_base = run.base;
    run.phase = std::max(run.phase, Phase::green);
    change.event("green", fmt::format("{} at {}", run.stage, head_of(view).str().substr(0, 12)));
  }
  run.instance_retries = 0;
  if (action.stage.empty()) {
    change.end(Outcome::landed, action.reason, /*charged=*/true);
    return;
  }
  const Stage& next = stage_named(pipeline, action.stage);
  run.reason = action.reason;
  switch (next.kind) {
    case StageKind::agent: change.start_turn(next, TurnKind::opening, head_of(view)); return;
    case StageKind::command: change.start_turn(next, TurnKind::command, head_of(view)); return;
    case StageKind::land: {
      run.stage = next.name;
      run.head = head_of(view);
      land(action, change);
      return;
    }
    case StageKind::ci:
      run.stage = next.name;
      run.step = RunStep::watching;
      return;
  }
}

void roll_back(const RunView& view, const Action& action, const Pipeline& pipeline,
               RunChange& change) {
  Run& run = change.run();
  // Attempts are keyed on the commit that was red: the landed one for CI, the verified head
  // otherwise.
  const bool ci = run.step == RunStep::watching;
  if (ci) {
    run.first_red_at = run.first_red_at.value_or(change.now());
  }
  switch (action.charge) {
    case Charge::fix: ++run.fix_attempts; break;
    case Charge::verify: ++run.verify_attempts; break;
    case Charge::none:
    case Charge::instance: break;
  }
  const bool judged = run.step == RunStep::proposed || !view.turn;
  change.attempt(ci ? run.landed : judged ? run.head : view.turn->head_before, action.failing);
  run.reason = action.reason;
  run.instance_retries = 0;
  change.event(ci ? "fix-forward" : "corrective",
               fmt::format("{} (attempt {})", action.reason,
                           action.charge == Charge::fix ? run.fix_attempts : run.verify_attempts));
  change.start_turn(stage_named(pipeline, action.stage), TurnKind::corrective, head_of(view),
                    action.correction);
  if (ci) {
    change.comment();
  }
}

/// One brake with a time per agent: a later time takes the place of an earlier one.
void park(const RunView& view, const Action& action, RunChange& change) {
  const std::string scope = agent_scope(action.brake_agent);
  for (const Brake& brake : view.parked) {
    if (brake.scope != scope) {
      continue;
    }
    if (brake.until && action.until && *brake.until >= *action.until) {
      return;
    }
    change.lift(brake, "a later time");
  }
  change.brake(scope, action.reason, action.until);
}

void retry_later(const RunView& view, const Action& action, RunChange& change) {
  Run& run = change.run();
  if (!action.brake_agent.empty()) {
    park(view, action, change);
  }
  ++run.instance_retries;
  run.step = RunStep::waiting;
  run.not_before = action.until;
  run.reason = action.reason;
  change.event(
      "retry-later",
      fmt::format("until {}: {}", format_time(action.until.value_or(change.now())), action.reason));
}

void stop_turn(const RunView& view, const Action& action, RunChange& change) {
  Effect stop;
  stop.kind = EffectKind::stop_turn;
  stop.turn = view.turn ? view.turn->number : view.run.turns;
  stop.text = action.reason;
  change.event("stop-turn", action.reason);
  change.effect(std::move(stop));
}

}  // namespace

Change carry_out(const RunView& view, const Action& action, const Pipeline& pipeline,
                 const Fleet& fleet, TimePoint now) {
  RunChange change(view.run, fleet, now);
  switch (action.kind) {
    case ActionKind::wait: return {};
    case ActionKind::start_turn: {
      const Stage& stage = stage_named(pipeline, action.stage);
      // What an agent committed in a turn that was lost was never judged: the next try is measured
      // from the same head.
      const bool same =
          view.turn && stage.kind == StageKind::agent && view.turn->kind != TurnKind::command;
      change.start_turn(stage, retry_kind(view, stage),
                        same ? view.turn->head_before : head_of(view),
                        same ? view.turn->correction : "");
      break;
    }
    case ActionKind::advance: advance(view, action, pipeline, change); break;
    case ActionKind::roll_back: roll_back(view, action, pipeline, change); break;
    case ActionKind::watch_ci:
      for (const Stage& stage : pipeline.stages) {
        if (stage.kind == StageKind::ci) {
          change.run().stage = stage.name;
        }
      }
      change.run().step = RunStep::watching;
      change.run().reason = action.reason;
      change.event("no-progress", action.reason);
      break;
    case ActionKind::land:
      change.run().reason = action.reason;
      change.event(action.merged.empty() ? "land-again" : "pull-merged", action.reason);
      land(action, change);
      break;
    case ActionKind::merge: {
      change.run().reason = action.reason;
      Effect merge;
      merge.kind = EffectKind::merge_pull;
      merge.target = std::to_string(action.pull);
      change.event("merge-pull", action.reason);
      change.effect(std::move(merge));
      break;
    }
    case ActionKind::start_ci: change.start_ci(); break;
    case ActionKind::retry_later: retry_later(view, action, change); break;
    case ActionKind::stop_turn:
      if (view.effects_pending) {
        return {};
      }
      stop_turn(view, action, change);
      break;
    case ActionKind::close: change.end(Outcome::landed, action.reason, true); break;
    case ActionKind::escalate:
      if (!action.brake_agent.empty()) {
        change.brake(agent_scope(action.brake_agent), action.reason);
      }
      change.end(Outcome::needs_human, action.reason, action.charged);
      break;
    case ActionKind::freeze:
      if (!action.brake_agent.empty()) {
        change.brake(agent_scope(action.brake_agent), action.reason);
      }
      change.end(Outcome::frozen, action.reason, action.charged);
      break;
    case ActionKind::cancel: change.end(Outcome::cancelled, action.reason, false); break;
    case ActionKind::finish:
      change.run().step = RunStep::ended;
      change.event("ended", std::string(view.run.outcome ? to_string(*view.run.outcome) : "ended"));
      break;
  }
  return std::move(change).take();
}

}  // namespace jobs

#include "jobs/pipelines/transition.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

/// Harmless where CI starts by itself; needed where its start was lost with the machine. Not again
/// before a while.
void start_ci(RunChange& change) {
  change.run().not_before = change.now() + change.fleet().limits.retry_delay;
  Effect start;
  start.kind = EffectKind::start_ci;
  change.effect(std::move(start));
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
    case ActionKind::start_ci: start_ci(change); break;
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

Change after_prepared(const Run& run, const Prepared& prepared, const Fleet& fleet, TimePoint now) {
  RunChange change(run, fleet, now);
  change.run().worktree = prepared.path;
  change.run().base = prepared.base;
  change.run().head = prepared.base;
  std::string set_up;
  for (const std::string& line : prepared.setup_log) {
    set_up += (set_up.empty() ? ", set up: " : "; ") + line;
  }
  change.event("worktree", fmt::format("{} at {}{}", prepared.recycled ? "recycled" : "made",
                                       prepared.base.str().substr(0, 12), one_line(set_up, 400)));
  if (run.step == RunStep::preparing) {
    change.run().step = RunStep::turning;
  }
  return std::move(change).take();
}

Change after_landing(const Run& run, const LandResult& result, const Pipeline& pipeline,
                     const Fleet& fleet, const std::string& reached_cap, TimePoint now) {
  RunChange change(run, fleet, now);
  Run& row = change.run();
  const bool over = row.step == RunStep::ending || row.step == RunStep::ended;
  switch (result.kind) {
    case LandResult::Kind::landed: {
      row.landed = result.commit;
      row.landed_at = now;
      ++row.landings;
      // The branch was moved on to the landed commit, so that a later fix starts from what the base
      // has.
      row.base = result.commit;
      row.head = result.commit;
      row.phase = std::max(row.phase, Phase::pushed);
      row.failing.clear();
      change.event("landed",
                   fmt::format("{} on the base branch", result.commit.str().substr(0, 12)));
      if (over) {
        break;
      }
      row.reason = "landed";
      const Stage* next = stage_after(pipeline, row.stage);
      if (next == nullptr) {
        change.end(Outcome::landed, "landed; the pipeline has no further stage", true);
        break;
      }
      row.stage = next->name;
      row.step = RunStep::watching;
      start_ci(change);
      change.comment();
      break;
    }
    case LandResult::Kind::needs_verify:
      row.head = result.head;
      row.base = result.base;
      row.verified_tree = Oid();
      ++row.land_attempts;
      change.event("merged-base", fmt::format("the base moved to {}; merged, to be verified again",
                                              result.base.str().substr(0, 12)));
      if (!over && row.land_attempts >= fleet.limits.land_attempts) {
        change.end(row.landings > 0 ? Outcome::frozen : Outcome::needs_human,
                   fmt::format("the base moved under {} landings in a row", row.land_attempts),
                   false);
      } else if (!over) {
        const auto verify = std::ranges::find(pipeline.stages, StageKind::command, &Stage::kind);
        if (verify == pipeline.stages.end()) {
          change.end(
              row.landings > 0 ? Outcome::frozen : Outcome::needs_human,
              "the base moved, and the pipeline has no command stage that could verify the merge",
              false);
        } else {
          change.start_turn(*verify, TurnKind::command, result.head);
        }
      }
      break;
    case LandResult::Kind::conflict: {
      ++row.land_attempts;
      const std::string files = one_line(fmt::format("{}", fmt::join(result.files, ", ")), 500);
      change.event("conflict", files);
      if (over) {
        break;
      }
      if (row.land_attempts >= fleet.limits.land_attempts) {
        change.end(row.landings > 0 ? Outcome::frozen : Outcome::needs_human,
                   fmt::format("{} landings met conflicts or a moved base, last in {}",
                               row.land_attempts, files),
                   true);
        break;
      }
      if (!reached_cap.empty()) {
        change.end(
            row.landings > 0 ? Outcome::frozen : Outcome::needs_human,
            fmt::format("the landing conflicts in {}; no further turn: {}", files, reached_cap),
            false);
        break;
      }
      change.start_turn(
          agent_stage_before(pipeline, row.stage), TurnKind::corrective, row.head,
          fmt::format("The base branch moved to commit {} while you worked, and merging it "
                      "conflicts in:\n{}\n\n"
                      "Merge that commit into your branch (`git merge {}`), resolve the conflicts "
                      "so that both "
                      "changes keep their meaning, run the tests, and commit the merge.",
                      result.base.str(), fmt::join(result.files, "\n"), result.base.str()));
      break;
    }
    case LandResult::Kind::proposed:
      row.head = result.head;
      row.reason = "pushed, to be merged by pull request";
      change.event("proposed",
                   fmt::format("{} pushed for a pull request", result.head.str().substr(0, 12)));
      if (!over) {
        row.step = RunStep::proposed;
        Effect open;
        open.kind = EffectKind::open_pull;
        change.effect(std::move(open));
      }
      break;
    case LandResult::Kind::rejected:
      change.event("rejected", fmt::format("{}: {}", result.rule, one_line(result.message, 400)));
      if (!over) {
        change.end(row.landings > 0 ? Outcome::frozen : Outcome::needs_human,
                   fmt::format("the landing was refused by rule {}: {}", result.rule,
                               one_line(result.message, 400)),
                   true);
      }
      break;
  }
  return std::move(change).take();
}

}  // namespace jobs

#include "jobs/pipelines/next_action.h"

#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/time.h"
#include "jobs/pipelines/action_parts.h"
#include "jobs/policy/retry.h"

namespace jobs {

namespace {

using detail::closed_by_merge;
using detail::ended_turn;
using detail::make;
using detail::proposed;
using detail::retry_for_instance;
using detail::stopped_by_cap;
using detail::unless_parked;
using detail::wait;
using detail::watching;

/// How much longer than its own deadline and grace a turn may seem to run before we stop it from
/// outside.
constexpr Duration kSupervisorSlack = std::chrono::seconds(60);

/// A turn that should not run is stopped; again when an earlier word for it had no effect.
Action stop_unless_asked(const RunView& view, const Limits& limits, TimePoint now,
                         std::string why) {
  if (view.stop_asked && now < *view.stop_asked + limits.turn_grace + kSupervisorSlack) {
    return wait("the turn is being stopped");
  }
  return make(ActionKind::stop_turn, std::move(why));
}

Action turning(const RunView& view, const Pipeline& pipeline, const Limits& limits, TimePoint now) {
  if (!view.turn) {
    return retry_for_instance(view, limits, now, "the run has no turn");
  }
  switch (view.turn_facts.state) {
    case TurnFacts::State::absent:
      if (view.effects_pending) {
        return wait(fmt::format("turn {} is to be started", view.turn->number));
      }
      return retry_for_instance(view, limits, now,
                                fmt::format("the directory of turn {} is gone", view.turn->number));
    case TurnFacts::State::starting:
    case TurnFacts::State::running: {
      const Duration allowed =
          view.turn->kind == TurnKind::command ? limits.verify_deadline : limits.turn_deadline;
      // A clock that was set does not make a turn older than it is.
      const Duration ran = view.turn_facts.age.value_or(std::chrono::duration_cast<Duration>(
          now - view.turn_facts.started_at.value_or(view.turn->planned_at)));
      if (ran >= allowed + limits.turn_grace + kSupervisorSlack) {
        return stop_unless_asked(
            view, limits, now, "the turn is past its deadline and its supervisor did not stop it");
      }
      return wait(fmt::format("turn {} ({}) runs for {}", view.turn->number, view.run.stage,
                              format_duration(std::max(ran, Duration::zero()))));
    }
    case TurnFacts::State::ended: break;
  }
  if (!view.turn_facts.exit) {
    return wait("the turn's end could not be read");
  }
  return ended_turn(view, pipeline, limits, now);
}

/// Why a person's will ends this run; empty if it does not.
std::string cancelled_by(const RunView& view, const std::string& ready_label) {
  if (view.cancel_requested) {
    return *view.cancel_requested;
  }
  if (!view.allowlisted) {
    return "the repository left the allowlist";
  }
  if (view.issue_missing) {
    return "the issue is gone from the tracker";
  }
  if (!view.issue || !view.issue->problem.empty()) {
    return {};
  }
  if (!view.issue->open && view.run.landings == 0 && !closed_by_merge(view)) {
    return "the issue was closed by a person";
  }
  if (view.issue->open && !view.issue->has_label(ready_label)) {
    return fmt::format("the label {} was taken off", ready_label);
  }
  return {};
}

Action ending(const RunView& view, const Limits& limits, TimePoint now) {
  if (view.effects_pending) {
    return wait("labels, comment and notifications are being written");
  }
  if (view.turn && view.turn->state != TurnState::ended) {
    // Also a turn whose start was given up: the answer may have been lost, and not the start.
    const bool runs = view.turn_read && (view.turn_facts.state == TurnFacts::State::starting ||
                                         view.turn_facts.state == TurnFacts::State::running);
    return runs ? stop_unless_asked(view, limits, now, "the run is over and its turn is not")
                : wait("the turn is being stopped");
  }
  return make(ActionKind::finish, "the run is over");
}

Action decide(const RunView& view, const Pipeline& pipeline, const Limits& limits,
              const Labels& labels, TimePoint now) {
  if (view.run.step == RunStep::ended) {
    return wait("the run is over");
  }
  if (view.run.step == RunStep::ending) {
    return ending(view, limits, now);
  }
  if (const std::string why = cancelled_by(view, labels.ready); !why.empty()) {
    return make(ActionKind::cancel, why);
  }
  switch (view.run.step) {
    case RunStep::preparing: return wait("the worktree is being prepared");
    case RunStep::landing: return wait("the commits are being landed");
    case RunStep::proposed: return proposed(view, pipeline, limits, now);
    case RunStep::turning: return turning(view, pipeline, limits, now);
    case RunStep::watching: return watching(view, pipeline, limits, now);
    case RunStep::waiting:
      if (still_waits(view.run.not_before, view.run.updated_at, now)) {
        return wait(
            fmt::format("until {}: {}", format_time(*view.run.not_before), view.run.reason));
      } else if (stage_named(pipeline, view.run.stage).kind == StageKind::agent &&
                 !view.reached_cap.empty()) {
        return stopped_by_cap(view, view.run.reason);
      } else if (stage_named(pipeline, view.run.stage).kind == StageKind::land) {
        return make(ActionKind::land, "trying again: " + view.run.reason);
      } else {
        Action action = make(ActionKind::start_turn, "trying again: " + view.run.reason);
        action.stage = view.run.stage;
        return action;
      }
    case RunStep::ending:
    case RunStep::ended: break;
  }
  return wait("nothing to do");
}

}  // namespace

Action next_action(const RunView& view, const Pipeline& pipeline, const Limits& limits,
                   const Labels& labels, TimePoint now) {
  return unless_parked(decide(view, pipeline, limits, labels, now), view, pipeline, now);
}

}  // namespace jobs

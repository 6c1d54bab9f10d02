#include "jobs/pipelines/next_action.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "jobs/pipelines/action_parts.h"
#include "jobs/policy/retry.h"

namespace jobs {

namespace {

using detail::attempted;
using detail::back_to_agent;
using detail::closed_by_merge;
using detail::fix_bound;
using detail::give_to_human;
using detail::make;
using detail::park;
using detail::proposed;
using detail::stopped_by_cap;
using detail::unless_parked;
using detail::wait;
using detail::watching;

/// How much longer than its own deadline and grace a turn may seem to run before we stop it from
/// outside.
constexpr Duration kSupervisorSlack = std::chrono::seconds(60);

std::string describe(const TurnExit& exit) {
  std::string how;
  switch (exit.end) {
    case TurnEnd::exited: how = fmt::format("exited {}", exit.exit_code); break;
    case TurnEnd::signalled: how = fmt::format("died by signal {}", exit.signal); break;
    case TurnEnd::deadline: how = "was stopped at its deadline"; break;
    case TurnEnd::silent: how = "was stopped because it said nothing for too long"; break;
    case TurnEnd::first_byte: how = "was stopped because it never said anything"; break;
    case TurnEnd::over_budget: how = "was stopped because its reservation was used up"; break;
    case TurnEnd::lingered: how = "had said its final word and was stopped"; break;
    case TurnEnd::stopped: how = "was stopped on request"; break;
    case TurnEnd::not_started: how = "could not be started"; break;
    case TurnEnd::lost: how = "was lost: its supervisor died"; break;
  }
  if (exit.agent != AgentEnd::none && exit.agent != AgentEnd::success) {
    how += fmt::format(" as {}", to_string(exit.agent));
  }
  const bool told =
      exit.detail.empty() || (exit.end == TurnEnd::exited &&
                              (exit.agent == AgentEnd::none || exit.agent == AgentEnd::success));
  return told ? how : how + " (" + one_line(exit.detail, 300) + ")";
}

Action retry_for_instance(const RunView& view, const Limits& limits, TimePoint now,
                          const std::string& why) {
  const Run& run = view.run;
  if (run.instance_retries >= limits.instance_retries && !RUNNER_PLANTED(retried_without_bound)) {
    Action action = give_to_human(
        view, fmt::format("{}; tried {} times", why, run.instance_retries + 1), /*charged=*/false);
    if (view.turn_facts.exit && view.turn_facts.exit->end == TurnEnd::not_started && view.turn) {
      action.brake_agent = view.turn->agent;
    }
    return action;
  }
  Action action = make(ActionKind::retry_later, why);
  action.charge = Charge::instance;
  action.stage = run.stage;
  action.until = now + backoff(limits.retry_delay, run.instance_retries + 1);
  return action;
}

bool instance_failure(TurnEnd end) {
  switch (end) {
    case TurnEnd::stopped:
    case TurnEnd::not_started:
    case TurnEnd::lost: return true;
    case TurnEnd::exited:
    case TurnEnd::signalled:
    case TurnEnd::deadline:
    case TurnEnd::silent:
    case TurnEnd::first_byte:
    case TurnEnd::over_budget:
    case TurnEnd::lingered: return false;
  }
  return false;
}

/// What the agent's own final word settles, whoever ended the turn; none if it settles nothing.
std::optional<Action> by_agent_end(const RunView& view, const Limits& limits, TimePoint now,
                                   const std::string& how) {
  switch (view.turn_facts.exit->agent) {
    case AgentEnd::quota:
    case AgentEnd::overload: return park(view, limits, now, how);
    case AgentEnd::authentication: {
      Action action = give_to_human(view, how, /*charged=*/false);
      action.brake_agent = view.turn->agent;
      return action;
    }
    case AgentEnd::no_session: return retry_for_instance(view, limits, now, how);
    case AgentEnd::none:
    case AgentEnd::success:
    case AgentEnd::failed:
    case AgentEnd::unfinished:
    case AgentEnd::empty:
    case AgentEnd::refused:
    case AgentEnd::budget: break;
  }
  return std::nullopt;
}

Action advance(const RunView& view, const Pipeline& pipeline, std::string reason) {
  const Stage* next = stage_after(pipeline, view.run.stage);
  if (next != nullptr && next->kind == StageKind::agent && !view.reached_cap.empty()) {
    return stopped_by_cap(view, reason);
  }
  Action action = make(ActionKind::advance, std::move(reason));
  action.stage = next == nullptr ? "" : next->name;
  return action;
}

/// The worktree is not what a gate may judge; empty if it is.
std::string worktree_trouble(const WorktreeFacts& worktree) {
  if (!worktree.problem.empty()) {
    return one_line(worktree.problem, 500);
  }
  if (!worktree.base_is_ancestor) {
    return "the branch was rewritten below its base commit";
  }
  return {};
}

Action agent_ended(const RunView& view, const Pipeline& pipeline, const Limits& limits,
                   TimePoint now) {
  const TurnExit& exit = *view.turn_facts.exit;
  const std::string how = fmt::format("turn {} {}", view.turn->number, describe(exit));
  if (!view.turn_facts.blocked.empty()) {
    return give_to_human(
        view, "the agent says that it is blocked: " + one_line(view.turn_facts.blocked, 500));
  }
  if (auto action = by_agent_end(view, limits, now, how)) {
    return *action;
  }
  if (instance_failure(exit.end)) {
    return retry_for_instance(view, limits, now, how);
  }
  if (!view.worktree) {
    return wait("the worktree could not be read");
  }
  if (const std::string trouble = worktree_trouble(*view.worktree); !trouble.empty()) {
    return give_to_human(view, how + ", but " + trouble);
  }
  const bool new_commits =
      (view.worktree->commits > 0 && view.worktree->head != view.turn->head_before) ||
      RUNNER_PLANTED(nothing_is_success);
  // Its own word and its exit code; an agent of no known kind has the exit code alone.
  const bool said_so = exit.agent == AgentEnd::none || exit.agent == AgentEnd::success;
  const bool ended_well = (exit.end == TurnEnd::exited && exit.exit_code == 0) ||
                          (exit.end == TurnEnd::lingered && exit.agent == AgentEnd::success);
  const bool succeeded = ended_well && said_so;
  if (new_commits && succeeded) {
    return advance(view, pipeline,
                   fmt::format("{} with {} commits on the branch", how, view.worktree->commits));
  }
  if (view.run.landings > 0) {
    return make(ActionKind::watch_ci,
                how + (new_commits ? " with commits, but not well" : " without new commits"));
  }
  return give_to_human(view, how + (new_commits ? "; its commits are kept but were not judged"
                                                : " without new commits"));
}

Action verify_red(const RunView& view, const Pipeline& pipeline, const Limits& limits,
                  TimePoint now) {
  const std::string why = fmt::format("{} {}", view.run.stage, describe(*view.turn_facts.exit));
  const std::vector<std::string> failing = {view.run.stage};
  const bool landed = view.run.landings > 0;
  if (const std::string bound = landed ? fix_bound(view, limits, now) : ""; !bound.empty()) {
    return give_to_human(view, why + "; " + bound);
  }
  if (!landed && view.run.verify_attempts >= limits.verify_attempts) {
    return give_to_human(
        view, fmt::format("{}; {} corrective turns did not help", why, view.run.verify_attempts));
  }
  if (attempted(view, view.turn->head_before, failing)) {
    return give_to_human(view, why + "; this head was tried already");
  }
  if (!view.reached_cap.empty()) {
    return stopped_by_cap(view, why);
  }
  return back_to_agent(
      view, pipeline, landed ? Charge::fix : Charge::verify, why,
      fmt::format("The command of stage `{}` is red: it {}.\nIts last output:\n\n{}",
                  view.run.stage, describe(*view.turn_facts.exit), view.turn_facts.output_tail),
      failing);
}

Action command_ended(const RunView& view, const Pipeline& pipeline, const Limits& limits,
                     TimePoint now) {
  const TurnExit& exit = *view.turn_facts.exit;
  if (exit.end == TurnEnd::lost || exit.end == TurnEnd::stopped) {
    return retry_for_instance(view, limits, now,
                              fmt::format("{} {}", view.run.stage, describe(exit)));
  }
  if (!view.worktree) {
    return wait("the worktree could not be read");
  }
  if (const std::string trouble = worktree_trouble(*view.worktree); !trouble.empty()) {
    return give_to_human(view, trouble);
  }
  if (view.worktree->head != view.turn->head_before) {
    return retry_for_instance(view, limits, now, "the branch moved while it was verified");
  }
  if (exit.end == TurnEnd::exited && (exit.exit_code == 0 || RUNNER_PLANTED(red_verify_lands))) {
    return advance(view, pipeline, view.run.stage + " is green");
  }
  return verify_red(view, pipeline, limits, now);
}

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
  return stage_named(pipeline, view.run.stage).kind == StageKind::command
             ? command_ended(view, pipeline, limits, now)
             : agent_ended(view, pipeline, limits, now);
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

}  // namespace

namespace {

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

// What a turn that has ended leads to: the agent's, and that of a command which judges its work.
#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/pipelines/action_parts.h"
#include "jobs/policy/retry.h"

namespace jobs::detail {

namespace {

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

}  // namespace

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

Action ended_turn(const RunView& view, const Pipeline& pipeline, const Limits& limits,
                  TimePoint now) {
  return stage_named(pipeline, view.run.stage).kind == StageKind::command
             ? command_ended(view, pipeline, limits, now)
             : agent_ended(view, pipeline, limits, now);
}

}  // namespace jobs::detail

#include "jobs/pipelines/next_action.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "jobs/policy/retry.h"

namespace jobs {

namespace {

/// How much longer than its own deadline and grace a turn may seem to run before we stop it from outside.
constexpr Duration kSupervisorSlack = std::chrono::seconds(60);

Action make(ActionKind kind, std::string reason) {
  Action action;
  action.kind = kind;
  action.reason = std::move(reason);
  return action;
}

Action wait(std::string reason) { return make(ActionKind::wait, std::move(reason)); }

/// The end of a run that needs a person: before anything landed it is an escalation, afterwards a freeze, because what is on
/// the base branch is then part of the picture.
Action give_to_human(const RunView& view, std::string reason, bool charged = true) {
  Action action = make(view.run.landings > 0 ? ActionKind::freeze : ActionKind::escalate, std::move(reason));
  action.charged = charged;
  return action;
}

std::string describe(const TurnExit& exit) {
  std::string how;
  switch (exit.end) {
    case TurnEnd::exited: how = fmt::format("exited {}", exit.exit_code); break;
    case TurnEnd::signalled: how = fmt::format("died by signal {}", exit.signal); break;
    case TurnEnd::deadline: how = "was stopped at its deadline"; break;
    case TurnEnd::silent: how = "was stopped because it said nothing for too long"; break;
    case TurnEnd::first_byte: how = "was stopped because it never said anything"; break;
    case TurnEnd::over_budget: how = "was stopped because its reservation was used up"; break;
    case TurnEnd::stopped: how = "was stopped on request"; break;
    case TurnEnd::not_started: how = "could not be started"; break;
    case TurnEnd::lost: how = "was lost: its supervisor died"; break;
  }
  const bool told = exit.detail.empty() || exit.end == TurnEnd::exited;
  return told ? how : how + " (" + one_line(exit.detail, 300) + ")";
}

bool attempted(const RunView& view, const Oid& head, const std::vector<std::string>& failing) {
  const std::string set = fmt::format("{}", fmt::join(failing, ","));
  return std::ranges::any_of(view.attempts,
                             [&](const Attempt& attempt) { return attempt.head == head && attempt.failing_set == set; });
}

/// Both bounds of fix-forward, strict: attempts < max and elapsed < window. Empty while within.
std::string fix_bound(const RunView& view, const Limits& limits, TimePoint now) {
  if (view.run.fix_attempts >= limits.fix_attempts) {
    return fmt::format("{} of {} fix-forward attempts are used up", view.run.fix_attempts, limits.fix_attempts);
  }
  if (view.run.first_red_at && now - *view.run.first_red_at >= limits.fix_window) {
    return fmt::format("CI has been red for {}, the window is {}", format_duration(now - *view.run.first_red_at),
                       format_duration(limits.fix_window));
  }
  return {};
}

Action retry_for_instance(const RunView& view, const Limits& limits, TimePoint now, const std::string& why) {
  const Run& run = view.run;
  if (run.instance_retries >= limits.instance_retries) {
    Action action = give_to_human(view, fmt::format("{}; tried {} times", why, run.instance_retries + 1), /*charged=*/false);
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
    case TurnEnd::over_budget: return false;
  }
  return false;
}

/// No turn of an agent is planned at or above a cap (invariant 5). The issue is not to blame.
Action stopped_by_cap(const RunView& view, const std::string& reason) {
  return give_to_human(view, reason + "; no further turn: " + view.reached_cap, /*charged=*/false);
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
    return worktree.problem;
  }
  if (!worktree.base_is_ancestor) {
    return "the branch was rewritten below its base commit";
  }
  return {};
}

Action agent_ended(const RunView& view, const Pipeline& pipeline, const Limits& limits, TimePoint now) {
  const TurnExit& exit = *view.turn_facts.exit;
  const std::string how = fmt::format("turn {} {}", view.turn->number, describe(exit));
  if (!view.turn_facts.blocked.empty()) {
    return give_to_human(view, "the agent says that it is blocked: " + one_line(view.turn_facts.blocked, 500));
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
  const bool new_commits = view.worktree->commits > 0 && view.worktree->head != view.turn->head_before;
  const bool succeeded = exit.end == TurnEnd::exited && exit.exit_code == 0;
  if (new_commits && succeeded) {
    return advance(view, pipeline, fmt::format("{} with {} commits on the branch", how, view.worktree->commits));
  }
  if (view.run.landings > 0) {
    return make(ActionKind::watch_ci, how + (new_commits ? " with commits, but not well" : " without new commits"));
  }
  return give_to_human(view, how + (new_commits ? "; its commits are kept but were not judged" : " without new commits"));
}

Action back_to_agent(const RunView& view, const Pipeline& pipeline, Charge charge, std::string reason,
                     std::string correction, std::vector<std::string> failing) {
  Action action = make(ActionKind::roll_back, std::move(reason));
  action.stage = agent_stage_before(pipeline, view.run.stage).name;
  action.charge = charge;
  action.correction = std::move(correction);
  action.failing = std::move(failing);
  return action;
}

Action verify_red(const RunView& view, const Pipeline& pipeline, const Limits& limits, TimePoint now) {
  const std::string why = fmt::format("{} {}", view.run.stage, describe(*view.turn_facts.exit));
  const std::vector<std::string> failing = {view.run.stage};
  const bool landed = view.run.landings > 0;
  if (const std::string bound = landed ? fix_bound(view, limits, now) : ""; !bound.empty()) {
    return give_to_human(view, why + "; " + bound);
  }
  if (!landed && view.run.verify_attempts >= limits.verify_attempts) {
    return give_to_human(view, fmt::format("{}; {} corrective turns did not help", why, view.run.verify_attempts));
  }
  if (attempted(view, view.turn->head_before, failing)) {
    return give_to_human(view, why + "; this head was tried already");
  }
  if (!view.reached_cap.empty()) {
    return stopped_by_cap(view, why);
  }
  return back_to_agent(view, pipeline, landed ? Charge::fix : Charge::verify, why,
                       fmt::format("The command of stage `{}` is red: it {}.\nIts last output:\n\n{}", view.run.stage,
                                   describe(*view.turn_facts.exit), view.turn_facts.output_tail),
                       failing);
}

Action command_ended(const RunView& view, const Pipeline& pipeline, const Limits& limits, TimePoint now) {
  const TurnExit& exit = *view.turn_facts.exit;
  if (exit.end == TurnEnd::lost || exit.end == TurnEnd::stopped) {
    return retry_for_instance(view, limits, now, fmt::format("{} {}", view.run.stage, describe(exit)));
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
  if (exit.end == TurnEnd::exited && exit.exit_code == 0) {
    return advance(view, pipeline, view.run.stage + " is green");
  }
  return verify_red(view, pipeline, limits, now);
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
      return retry_for_instance(view, limits, now, fmt::format("the directory of turn {} is gone", view.turn->number));
    case TurnFacts::State::starting:
    case TurnFacts::State::running: {
      const Duration allowed = view.turn->kind == TurnKind::command ? limits.verify_deadline : limits.turn_deadline;
      const TimePoint started = view.turn_facts.started_at.value_or(view.turn->planned_at);
      if (now >= started + allowed + limits.turn_grace + kSupervisorSlack) {
        if (view.stop_asked && now < *view.stop_asked + limits.turn_grace + kSupervisorSlack) {
          return wait("the turn is being stopped");
        }
        return make(ActionKind::stop_turn, "the turn is past its deadline and its supervisor did not stop it");
      }
      return wait(fmt::format("turn {} ({}) runs for {}", view.turn->number, view.run.stage,
                              format_duration(std::max(now - started, Duration::zero()))));
    }
    case TurnFacts::State::ended: break;
  }
  if (!view.turn_facts.exit) {
    return wait("the turn's end could not be read");
  }
  return stage_named(pipeline, view.run.stage).kind == StageKind::command ? command_ended(view, pipeline, limits, now)
                                                                          : agent_ended(view, pipeline, limits, now);
}

std::string failing_logs(const CiReport& ci) {
  std::string out = "The commit was landed, and CI of the base branch is red.\n";
  for (const Check& check : ci.checks) {
    if (check.verdict == Verdict::fail) {
      out += fmt::format("\nCheck `{}` failed. Its last output:\n\n{}\n", check.name, check.log_tail);
    }
  }
  return out;
}

Action ci_red(const RunView& view, const Pipeline& pipeline, const Limits& limits, TimePoint now) {
  const std::vector<std::string> failing = view.ci->failing();
  const std::string names = fmt::format("{}", fmt::join(failing, ", "));
  const TimePoint since = view.run.first_red_at.value_or(now);
  if (!view.base_failing.empty() && view.base_failing == failing) {
    if (now - since >= limits.base_red_deadline) {
      Action action = make(ActionKind::escalate, "the base was red before this run with the same checks: " + names);
      action.charged = false;
      return action;
    }
    return wait("CI is red as the base was before this run: " + names);
  }
  if (const std::string bound = fix_bound(view, limits, now); !bound.empty()) {
    return make(ActionKind::freeze, fmt::format("CI is red ({}) and {}", names, bound));
  }
  if (attempted(view, view.run.landed, failing)) {
    return wait("CI is red (" + names + "), and this head was tried already");
  }
  if (!view.reached_cap.empty()) {
    Action action = make(ActionKind::freeze, fmt::format("CI is red ({}), and {}", names, view.reached_cap));
    action.charged = false;
    return action;
  }
  return back_to_agent(view, pipeline, Charge::fix, "CI is red: " + names, failing_logs(*view.ci), failing);
}

Action watching(const RunView& view, const Pipeline& pipeline, const Limits& limits, TimePoint now) {
  if (!view.has_ci) {
    return make(ActionKind::close, "landed; the repository has no CI to wait for");
  }
  const Verdict verdict = view.ci ? view.ci->verdict : Verdict::absent;
  switch (verdict) {
    case Verdict::pass: return make(ActionKind::close, "landed, and CI is green");
    case Verdict::fail: return ci_red(view, pipeline, limits, now);
    case Verdict::pending:
    case Verdict::absent: break;
  }
  const TimePoint since = view.run.landed_at.value_or(now);
  if (now - since < view.ci_deadline) {
    const bool due = !view.run.not_before || now >= *view.run.not_before;
    if (verdict == Verdict::absent && view.ci && due && !view.effects_pending) {
      return make(ActionKind::start_ci, "CI has not reported yet");
    }
    return wait(verdict == Verdict::pending ? "CI is running" : "CI has not reported yet");
  }
  return make(ActionKind::escalate, fmt::format("CI {} within {} of the landing",
                                                verdict == Verdict::pending ? "did not end" : "never reported",
                                                format_duration(view.ci_deadline)));
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
  if (!view.issue->open && view.run.landings == 0) {
    return "the issue was closed by a person";
  }
  if (view.issue->open && !view.issue->has_label(ready_label)) {
    return fmt::format("the label {} was taken off", ready_label);
  }
  return {};
}

Action ending(const RunView& view) {
  if (view.turn && view.turn->state != TurnState::ended) {
    return wait("the turn is being stopped");
  }
  if (view.effects_pending) {
    return wait("labels, comment and notifications are being written");
  }
  return make(ActionKind::finish, "the run is over");
}

}  // namespace

Action next_action(const RunView& view, const Pipeline& pipeline, const Limits& limits, const Labels& labels, TimePoint now) {
  if (view.run.step == RunStep::ended) {
    return wait("the run is over");
  }
  if (view.run.step == RunStep::ending) {
    return ending(view);
  }
  if (const std::string why = cancelled_by(view, labels.ready); !why.empty()) {
    return make(ActionKind::cancel, why);
  }
  switch (view.run.step) {
    case RunStep::preparing: return wait("the worktree is being prepared");
    case RunStep::landing: return wait("the commits are being landed");
    case RunStep::turning: return turning(view, pipeline, limits, now);
    case RunStep::watching: return watching(view, pipeline, limits, now);
    case RunStep::waiting:
      if (view.run.not_before && now < *view.run.not_before) {
        return wait(fmt::format("until {}: {}", format_time(*view.run.not_before), view.run.reason));
      } else if (stage_named(pipeline, view.run.stage).kind == StageKind::agent && !view.reached_cap.empty()) {
        return stopped_by_cap(view, view.run.reason);
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

}  // namespace jobs

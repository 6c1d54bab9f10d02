// What happens to a landed run: the verdict of CI, and the answers to a red one.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/planted.h"
#include "jobs/base/time.h"
#include "jobs/pipelines/action_parts.h"
#include "jobs/policy/retry.h"

namespace jobs::detail {

namespace {

Action ci_red(const RunView& view, const Pipeline& pipeline, const Limits& limits, TimePoint now) {
  const std::vector<std::string> failing = view.ci->failing();
  const std::string names = fmt::format("{}", fmt::join(failing, ", "));
  const TimePoint since = view.run.first_red_at.value_or(now);
  if (!view.base_failing.empty() && view.base_failing == failing) {
    if (now - since >= limits.base_red_deadline || lies_ahead(since, now)) {
      Action action = make(ActionKind::escalate,
                           "the base was red before this run with the same checks: " + names);
      action.charged = false;
      return action;
    }
    return wait("CI is red as the base was before this run: " + names);
  }
  if (const std::string bound = fix_bound(view, limits, now); !bound.empty()) {
    return make(ActionKind::freeze, fmt::format("CI is red ({}) and {}", names, bound));
  }
  if (attempted(view, view.run.landed, failing) && !RUNNER_PLANTED(fix_counted_per_tick)) {
    return wait("CI is red (" + names + "), and this head was tried already");
  }
  if (!view.reached_cap.empty()) {
    Action action =
        make(ActionKind::freeze, fmt::format("CI is red ({}), and {}", names, view.reached_cap));
    action.charged = false;
    return action;
  }
  return back_to_agent(
      view, pipeline, Charge::fix, "CI is red: " + names,
      failing_logs(*view.ci, "The commit was landed, and CI of the base branch is red.\n"),
      failing);
}

/// Nothing is known to be wrong with the commit, so no turn is spent on it and the issue is not
/// charged; nothing is known to be right either, so nobody closes the issue.
Action ci_stopped(const CiReport& ci) {
  Action action = make(ActionKind::escalate,
                       fmt::format("CI ended without a verdict on the landed commit: {}; run it "
                                   "again, or decide by hand",
                                   ci.named(Verdict::stopped)));
  action.charged = false;
  return action;
}

/// ": deploy (waits for approval); not reported yet: lint"; nothing of checks that simply run.
std::string running(const CiReport& ci) {
  CiReport said = ci;
  std::erase_if(said.checks, [](const Check& check) {
    return check.verdict == Verdict::pending && check.reason.empty();
  });
  std::string out;
  if (const std::string names = said.named(Verdict::pending); !names.empty()) {
    out += ": " + names;
  }
  if (const std::string names = said.named(Verdict::absent); !names.empty()) {
    out += "; not reported yet: " + names;
  }
  return out;
}

std::string overdue(const RunView& view) {
  const std::string within =
      fmt::format("within {} of the landing", format_duration(view.ci_deadline));
  if (!view.ci || view.ci->verdict != Verdict::pending) {
    return "CI never reported " + within;
  }
  // What is expected by name and never came is another fault than what runs too long.
  const std::string missing = view.ci->named(Verdict::absent);
  return missing.empty() ? fmt::format("CI did not end {}{}", within, running(*view.ci))
                         : fmt::format("CI never reported {}: {}", within, missing);
}

}  // namespace

Action watching(const RunView& view, const Pipeline& pipeline, const Limits& limits,
                TimePoint now) {
  if (!view.has_ci) {
    return make(ActionKind::close, "landed; the repository has no CI to wait for");
  }
  const Verdict verdict = view.ci ? view.ci->verdict : Verdict::absent;
  switch (verdict) {
    case Verdict::pass: return make(ActionKind::close, "landed, and CI is green");
    case Verdict::fail: return ci_red(view, pipeline, limits, now);
    case Verdict::stopped: return ci_stopped(*view.ci);
    case Verdict::pending:
    case Verdict::absent: break;
  }
  if (RUNNER_PLANTED(skipped_counts_as_green) && verdict == Verdict::absent) {
    return make(ActionKind::close, "landed, and no check is red");
  }
  const TimePoint since = view.run.landed_at.value_or(now);
  const bool in_time = now - since < view.ci_deadline && !lies_ahead(since, now);
  if (in_time || RUNNER_PLANTED(absent_ci_is_pending)) {
    const bool due = !still_waits(view.run.not_before, view.run.updated_at, now);
    if (verdict == Verdict::absent && view.ci && due && !view.effects_pending) {
      return make(ActionKind::start_ci, "CI has not reported yet");
    }
    return wait(verdict == Verdict::pending ? "CI is running" + running(*view.ci)
                                            : "CI has not reported yet");
  }
  return make(ActionKind::escalate, overdue(view));
}

}  // namespace jobs::detail

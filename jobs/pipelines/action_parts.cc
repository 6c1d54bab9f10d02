#include "jobs/pipelines/action_parts.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/time.h"

namespace jobs::detail {

Action make(ActionKind kind, std::string reason) {
  Action action;
  action.kind = kind;
  action.reason = std::move(reason);
  return action;
}

Action wait(std::string reason) {
  return make(ActionKind::wait, std::move(reason));
}

Action give_to_human(const RunView& view, std::string reason, bool charged) {
  Action action =
      make(view.run.landings > 0 ? ActionKind::freeze : ActionKind::escalate, std::move(reason));
  action.charged = charged;
  return action;
}

bool attempted(const RunView& view, const Oid& head, const std::vector<std::string>& failing) {
  const std::string set = fmt::format("{}", fmt::join(failing, ","));
  return std::ranges::any_of(view.attempts, [&](const Attempt& attempt) {
    return attempt.head == head && attempt.failing_set == set;
  });
}

std::string fix_bound(const RunView& view, const Limits& limits, TimePoint now) {
  if (view.run.fix_attempts >= limits.fix_attempts) {
    return fmt::format("{} of {} fix-forward attempts are used up", view.run.fix_attempts,
                       limits.fix_attempts);
  }
  if (view.run.first_red_at && now - *view.run.first_red_at >= limits.fix_window) {
    return fmt::format("CI has been red for {}, the window is {}",
                       format_duration(now - *view.run.first_red_at),
                       format_duration(limits.fix_window));
  }
  return {};
}

Action stopped_by_cap(const RunView& view, const std::string& reason) {
  return give_to_human(view, reason + "; no further turn: " + view.reached_cap, /*charged=*/false);
}

Action back_to_agent(const RunView& view, const Pipeline& pipeline, Charge charge,
                     std::string reason, std::string correction, std::vector<std::string> failing) {
  Action action = make(ActionKind::roll_back, std::move(reason));
  action.stage = agent_stage_before(pipeline, view.run.stage).name;
  action.charge = charge;
  action.correction = std::move(correction);
  action.failing = std::move(failing);
  return action;
}

std::string failing_logs(const CiReport& ci, std::string opening) {
  std::string out = std::move(opening);
  for (const Check& check : ci.checks) {
    if (check.verdict == Verdict::fail) {
      out +=
          fmt::format("\nCheck `{}` failed. Its last output:\n\n{}\n", check.name, check.log_tail);
    }
  }
  return out;
}

}  // namespace jobs::detail

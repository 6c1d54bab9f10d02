#include <algorithm>

#include "jobs/pipelines/action_parts.h"
#include "jobs/policy/breaker.h"
#include "jobs/policy/retry.h"

namespace jobs::detail {

namespace {

/// How long a quota is waited for at first whose reset nobody named.
constexpr Duration kUnknownReset = std::chrono::minutes(15);

}  // namespace

Action park(const RunView& view, const Limits& limits, TimePoint now, const std::string& why) {
  const TurnExit& exit = *view.turn_facts.exit;
  const Duration first = exit.agent == AgentEnd::quota ? kUnknownReset : limits.retry_delay;
  const TimePoint least = now + backoff(limits.retry_delay, 1);
  Action action = make(ActionKind::retry_later, why);
  action.charge = Charge::none;
  action.stage = view.run.stage;
  action.until = exit.until ? std::clamp(*exit.until, least, now + kLongestWait)
                            : now + backoff(first, view.run.instance_retries + 1);
  action.brake_agent = view.turn->agent;
  return action;
}

Action unless_parked(Action action, const RunView& view, const Pipeline& pipeline, TimePoint now) {
  const bool plans = action.kind == ActionKind::start_turn || action.kind == ActionKind::advance ||
                     action.kind == ActionKind::roll_back;
  if (!plans || action.stage.empty()) {
    return action;
  }
  const Stage& stage = stage_named(pipeline, action.stage);
  if (stage.kind != StageKind::agent) {
    return action;
  }
  const std::string why =
      parked(view.parked, stage.agent.empty() ? view.agent : stage.agent, view.canary_away, now);
  return why.empty() ? action : wait(why);
}

}  // namespace jobs::detail

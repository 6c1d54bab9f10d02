#include <algorithm>

#include <fmt/format.h>

#include "jobs/pipelines/next_action.h"
#include "jobs/pipelines/run_change.h"
#include "jobs/pipelines/transition.h"
#include "jobs/ticks/plan.h"

namespace jobs {

namespace {

/// The turn cost more than was reserved for it, so that the caps were read too low in this look.
bool cost_more_than_reserved(const Change& settled, const RunView& view) {
  return view.turn && std::ranges::any_of(settled.ledger, [&](const LedgerRow& row) {
           return row.amount.usd > view.turn->reserved.usd ||
                  row.amount.tokens > view.turn->reserved.tokens;
         });
}

Plan step(RunView view, const Fleet& fleet, TimePoint now, bool fixing) {
  Plan plan;
  for (const std::string& error : view.errors) {
    plan.problems.push_back(
        fmt::format("{} ({}): {}", view.run.issue.str(), view.run.id.str(), error));
  }
  const auto found = fleet.pipelines.find(view.run.pipeline);
  const Pipeline pipeline = found == fleet.pipelines.end() ? default_pipeline() : found->second;
  if (!fixing) {
    plan.change = settle(view, fleet, now);
    if (cost_more_than_reserved(plan.change, view)) {
      plan.steps.push_back(
          {.run = view.run.id,
           .issue = view.run.issue,
           .action = "wait",
           .detail = "the turn cost more than was reserved; the caps are looked at again"});
      return plan;
    }
  }
  const Action action = next_action(view, pipeline, fleet.limits, fleet.labels, now);
  const bool mine = belongs_to_fix_forward(view, action) == fixing;
  if (mine) {
    Change more = carry_out(view, action, pipeline, fleet, now);
    if (!more.runs.empty()) {
      plan.change.runs.clear();  // the later row contains what the earlier one settled
    }
    merge(plan.change, std::move(more));
  }
  if (mine || !fixing) {
    plan.steps.push_back({.run = view.run.id,
                          .issue = view.run.issue,
                          .action = std::string(mine ? to_string(action.kind) : "wait"),
                          .detail = mine ? action.reason : action.reason + " (for fix-forward)"});
  }
  return plan;
}

}  // namespace

Plan watch(RunView view, const Fleet& fleet, TimePoint now) {
  return step(std::move(view), fleet, now, /*fixing=*/false);
}

Plan fix_forward(RunView view, const Fleet& fleet, TimePoint now) {
  return step(std::move(view), fleet, now, /*fixing=*/true);
}

}  // namespace jobs

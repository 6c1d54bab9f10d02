#pragma once

#include <cstdint>
#include <string>

namespace prove {

/// How a plan (`tick --dry-run --json`) and the tick after it (`tick --json`) differ; empty if they
/// do not. Equal must be: the decisions, all of them and in order, ids and times apart (where the
/// tick moves a run of the repository before it polls, what it decides then is another thing);
/// every planned step (but to wait) and effect is taken by the tick in the planned order; and what
/// the tick does beyond that goes on with a run that the plan names, or with an effect recorded
/// before.
struct Comparison {
  bool has_plan = false;  ///< the dry run could look at everything
  std::string difference;
  int decisions = 0;
  int effects = 0;
};

/// `open_effects`: how many effects were recorded and not finished before the tick.
[[nodiscard]] Comparison compare_plan(const std::string& plan, const std::string& tick,
                                      std::int64_t open_effects);

}  // namespace prove

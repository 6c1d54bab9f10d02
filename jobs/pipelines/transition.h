#pragma once

#include "jobs/model/fleet.h"
#include "jobs/pipelines/next_action.h"
#include "jobs/pipelines/run_view.h"
#include "jobs/ports/store.h"
#include "jobs/ports/workspace.h"

namespace jobs {

/// What was observed becomes rows: a turn that runs or ended, its settled cost, the branch's head,
/// the first red CI. Empty if nothing is new. Applied to `view` as well, so that next_action
/// decides on the settled picture.
[[nodiscard]] Change settle(RunView& view, const Fleet& fleet, TimePoint now);

/// The rows and effects of one action. Empty for wait.
[[nodiscard]] Change carry_out(const RunView& view, const Action& action, const Pipeline& pipeline,
                               const Fleet& fleet, TimePoint now);

/// What stands in the way of a further turn of the agent, each empty if nothing does.
struct FurtherTurn {
  std::string reached_cap;  ///< as in RunView
  std::string parked;       ///< its provider may not be asked now
  TimePoint not_before;     ///< when it is worth trying again, if it is parked
};

/// What a finished effect changes about its run. A landing that conflicts needs a turn to mend it;
/// while the agent is parked the landing is tried again later.
[[nodiscard]] Change after_prepared(const Run& run, const Prepared& prepared, const Fleet& fleet,
                                    TimePoint now);
[[nodiscard]] Change after_landing(const Run& run, const LandResult& result,
                                   const Pipeline& pipeline, const Fleet& fleet,
                                   const FurtherTurn& further, TimePoint now);
/// What an effect that failed for good changes: the run ends where it cannot go on without it; else
/// the failure is recorded. `tried` = an earlier try was made whose outcome nobody knows: the
/// effect may have happened.
[[nodiscard]] Change after_given_up(const Run& run, const Effect& effect, bool tried,
                                    const Error& error, const Fleet& fleet, TimePoint now);

/// False if the run went on in the meantime so that carrying `effect` out would be wrong (a turn of
/// a run that has ended).
[[nodiscard]] bool still_wanted(const Effect& effect, const Run& run);

}  // namespace jobs

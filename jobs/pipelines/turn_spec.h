#pragma once

#include <string>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/model/run.h"
#include "jobs/model/turn.h"

namespace jobs {

/// What the executor is told for one turn. `prompt_template` is the text in force (in the
/// repository at the base, else the manifest's, else the built-in) and `where` names its origin for
/// errors. `earlier`: the run's turns, so that an agent of a known kind goes on with its session.
[[nodiscard]] Result<TurnSpec> make_turn_spec(const Fleet& fleet, const Repo& repo,
                                              const Pipeline& pipeline, const Run& run,
                                              const Turn& turn, const std::string& prompt_template,
                                              const std::string& where,
                                              const std::vector<Turn>& earlier = {});

}  // namespace jobs

#pragma once

#include "tests/oracle/observation.h"
#include "tests/sim_support/world.h"

namespace sim {

/// What can be seen of a world from outside: the rows, the models' own logs.
[[nodiscard]] oracle::Observation observe(World& world);

/// Asks the oracle, at any instant or at rest, and notes what it finds.
void observe_and_judge(World& world, bool quiet);

}  // namespace sim

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jobs/model/fleet.h"
#include "jobs/model/ledger.h"
#include "jobs/model/run.h"

/// The circuit breaker of an agent's credential: a brake with a time. Until then nobody asks the
/// agent; from then on one canary does, and all others wait for what becomes of it.
namespace jobs {

[[nodiscard]] std::string agent_scope(std::string_view agent);

/// It opens by itself and its time has come.
[[nodiscard]] bool half_open(const Brake& brake, TimePoint now);

/// Why the agent must not be asked now; empty if it may. `brakes`: those of any scope are looked
/// at; `canary_away`: another run is asking it.
[[nodiscard]] std::string parked(const std::vector<Brake>& brakes, std::string_view agent,
                                 bool canary_away, TimePoint now);

/// A live run other than `but` that began to ask the agent after one of its brakes half opened.
[[nodiscard]] bool canary_among(const std::vector<Run>& live, const std::vector<Brake>& brakes,
                                const Fleet& fleet, std::string_view agent, const RunId& but,
                                TimePoint now);

}  // namespace jobs

#pragma once

#include <cstdint>

#include "jobs/base/error.h"

/// The one place that asks the system what time it is, and for randomness. Behind the ports the
/// Clock gives both; a supervisor and the commands, which have no ports, ask here.
namespace runner {

[[nodiscard]] jobs::TimePoint wall_clock();
[[nodiscard]] std::uint64_t kernel_random();

}  // namespace runner

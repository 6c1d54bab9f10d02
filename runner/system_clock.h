#pragma once

#include <memory>

#include "jobs/ports/clock.h"

namespace runner {

/// The wall clock and the kernel's randomness.
[[nodiscard]] std::unique_ptr<jobs::Clock> make_system_clock();

}  // namespace runner

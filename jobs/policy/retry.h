#pragma once

#include "jobs/model/fleet.h"

namespace jobs {

/// How long to wait before attempt `attempt` + 1 (attempt counts from 1): `first`, doubled each
/// time, at most one hour.
[[nodiscard]] Duration backoff(Duration first, int attempt);

/// How often an effect is tried before it is visibly given up.
inline constexpr int kEffectAttempts = 8;

}  // namespace jobs

#pragma once

#include <optional>

#include "jobs/base/error.h"
#include "jobs/model/fleet.h"

namespace jobs {

/// How long to wait before attempt `attempt` + 1 (attempt counts from 1): `first`, doubled each
/// time, at most one hour.
[[nodiscard]] Duration backoff(Duration first, int attempt);

/// Nothing is put off for longer than this.
inline constexpr Duration kLongestWait = std::chrono::hours(24);

/// True while `until` is ahead of us and can be believed: what lies further ahead than anything is
/// put off was written while the clock was wrong, and must not be waited for.
[[nodiscard]] bool still_waits(const std::optional<TimePoint>& until, TimePoint now);

/// The same for what was put off at `since`: a clock that was set back behind that moment says
/// nothing about how much of the wait is over, so it is over.
[[nodiscard]] bool still_waits(const std::optional<TimePoint>& until, TimePoint since,
                               TimePoint now);

/// By how much two readings of a clock that is kept right may disagree.
inline constexpr Duration kClockTrifle = std::chrono::minutes(1);

/// True if the clock was set back since `then`, and not by a trifle: how long ago it was cannot be
/// known.
[[nodiscard]] bool lies_ahead(TimePoint then, TimePoint now);

/// How often an effect is tried before it is visibly given up.
inline constexpr int kEffectAttempts = 8;

}  // namespace jobs

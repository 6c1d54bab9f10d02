#include "jobs/policy/retry.h"

#include <algorithm>

#include "jobs/base/planted.h"

namespace jobs {

Duration backoff(Duration first, int attempt) {
  constexpr Duration kLongest = std::chrono::hours(1);
  Duration wait = RUNNER_PLANTED(retry_at_once) ? Duration(0) : std::max(first, Duration(1));
  for (int i = 1; i < attempt && wait < kLongest; ++i) {
    wait *= 2;
  }
  return std::min(wait, kLongest);
}

bool still_waits(const std::optional<TimePoint>& until, TimePoint now) {
  return until && now < *until && *until - now <= kLongestWait;
}

bool still_waits(const std::optional<TimePoint>& until, TimePoint since, TimePoint now) {
  return since - now <= kClockTrifle && still_waits(until, now);
}

bool lies_ahead(TimePoint then, TimePoint now) {
  return then - now > kLongestWait;
}

}  // namespace jobs

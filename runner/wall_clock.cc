#include "runner/wall_clock.h"

#include <sys/random.h>

#include <chrono>
#include <cstdlib>

#ifdef RUNNER_TEST_POINTS
#include "runner/test_points.h"
#endif

namespace runner {

jobs::TimePoint wall_clock() {
  auto now = std::chrono::time_point_cast<jobs::Duration>(std::chrono::system_clock::now());
#ifdef RUNNER_TEST_POINTS
  now += std::chrono::seconds(test_points::clock_shift_seconds());
#endif
  return now;
}

std::uint64_t kernel_random() {
  std::uint64_t value = 0;
  // 8 bytes are given whole or not at all once the pool is ready, which it is long before us.
  if (getrandom(&value, sizeof value, 0) != sizeof value) {
    std::abort();
  }
  return value;
}

}  // namespace runner

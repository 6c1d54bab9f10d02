#include "runner/system_clock.h"

#include "runner/wall_clock.h"

namespace runner {

namespace {

class SystemClock final : public jobs::Clock {
 public:
  jobs::TimePoint now() override { return wall_clock(); }
  std::uint64_t random() override { return kernel_random(); }
};

}  // namespace

std::unique_ptr<jobs::Clock> make_system_clock() {
  return std::make_unique<SystemClock>();
}

}  // namespace runner

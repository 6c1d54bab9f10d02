#pragma once

#include <mutex>
#include <vector>

#include "jobs/ports/clock.h"

namespace fakes {

/// A clock that moves only when somebody sleeps by it. Safe from several threads.
class SteppedClock final : public jobs::Clock {
 public:
  explicit SteppedClock(jobs::TimePoint start) : now_(start) {}
  jobs::TimePoint now() override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  std::uint64_t random() override { return 0; }
  void sleep(jobs::Duration duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
    slept_.push_back(duration);
  }
  [[nodiscard]] std::vector<jobs::Duration> slept() const {
    const std::lock_guard lock(mutex_);
    return slept_;
  }

 private:
  mutable std::mutex mutex_;
  jobs::TimePoint now_;
  std::vector<jobs::Duration> slept_;
};

}  // namespace fakes

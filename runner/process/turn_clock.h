#pragma once

#include <cstdint>
#include <ctime>

/// The clocks of a turn, in milliseconds: they only go forward, and mean nothing outside of this
/// boot.
namespace runner::process {

[[nodiscard]] inline std::int64_t milliseconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}
/// Stands still while the machine sleeps: for signs of life.
[[nodiscard]] inline std::int64_t awake() {
  return milliseconds_of(CLOCK_MONOTONIC);
}
/// Goes on while the machine sleeps: for deadlines.
[[nodiscard]] inline std::int64_t elapsed() {
  return milliseconds_of(CLOCK_BOOTTIME);
}

}  // namespace runner::process

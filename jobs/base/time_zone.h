#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "jobs/base/error.h"

namespace jobs {

/// A time zone as a value: what its clocks showed and will show. Made by manifests::time_zone from
/// the machine's own database; one without shifts is UTC.
struct TimeZone {
  /// From this moment on local time is UTC plus `offset`, until the next shift.
  struct Shift {
    TimePoint from;
    std::chrono::seconds offset{0};  ///< less than a day
    friend bool operator==(const Shift&, const Shift&) = default;
  };
  std::string name = "UTC";
  std::vector<Shift> shifts;  ///< by time; the first also holds for what was before it
  friend bool operator==(const TimeZone&, const TimeZone&) = default;
};

/// Start of the day / month in that zone that contains `time`: where daily and monthly caps begin.
/// A day whose midnight is left out begins when the clock jumps over it.
[[nodiscard]] TimePoint day_start(TimePoint time, const TimeZone& zone);
[[nodiscard]] TimePoint month_start(TimePoint time, const TimeZone& zone);
/// That day, as "2026-11-21".
[[nodiscard]] std::string day_name(TimePoint time, const TimeZone& zone);

}  // namespace jobs

#include "jobs/base/time_zone.h"

#include <algorithm>
#include <iterator>

#include "jobs/base/time.h"

namespace jobs {

namespace {

using Shifts = std::vector<TimeZone::Shift>;

/// What holds at `time`. There is at least one.
Shifts::const_iterator shift_at(const Shifts& shifts, TimePoint time) {
  const auto after = std::ranges::upper_bound(shifts, time, {}, &TimeZone::Shift::from);
  return after == shifts.begin() ? after : std::prev(after);
}

/// When the local day began that `local` is the midnight of, looking back from `shift`.
TimePoint beginning(const Shifts& shifts, Shifts::const_iterator shift, TimePoint local) {
  while (shift != shifts.begin() && local - shift->offset < shift->from) {
    if (shift->from + std::prev(shift)->offset <= local) {
      return shift->from;  // The clock jumped over midnight.
    }
    --shift;
  }
  return local - shift->offset;
}

}  // namespace

TimePoint day_start(TimePoint time, const TimeZone& zone) {
  if (zone.shifts.empty()) {
    return day_start(time);
  }
  const auto shift = shift_at(zone.shifts, time);
  return beginning(zone.shifts, shift, day_start(time + shift->offset));
}

TimePoint month_start(TimePoint time, const TimeZone& zone) {
  if (zone.shifts.empty()) {
    return month_start(time);
  }
  const auto shift = shift_at(zone.shifts, time);
  return beginning(zone.shifts, shift, month_start(time + shift->offset));
}

std::string day_name(TimePoint time, const TimeZone& zone) {
  const TimePoint local = zone.shifts.empty() ? time : time + shift_at(zone.shifts, time)->offset;
  return format_time(local).substr(0, std::string_view("2026-11-21").size());
}

}  // namespace jobs

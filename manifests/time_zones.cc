#include "manifests/time_zones.h"

#include <absl/time/time.h>

#include <algorithm>
#include <string>

namespace manifests {

namespace {

constexpr int kFirstYear = 2020;
constexpr int kLastYear = 2100;
constexpr std::size_t kLongestName = 64;

/// The library takes paths as well, and reads the file that they name.
bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '/' || c == '+' || c == '-';
  };
  return !text.empty() && text.size() <= kLongestName && text.front() != '/' &&
         std::ranges::all_of(text, allowed);
}

jobs::TimeZone::Shift shift_at(absl::Time time, const absl::TimeZone& zone) {
  return {.from = jobs::TimePoint(std::chrono::milliseconds(absl::ToUnixMillis(time))),
          .offset = std::chrono::seconds(zone.At(time).offset)};
}

}  // namespace

std::optional<jobs::TimeZone> time_zone(std::string_view name) {
  if (name == "UTC") {
    return jobs::TimeZone{};
  }
  absl::TimeZone zone;
  if (!is_name(name) || !absl::LoadTimeZone(std::string(name), &zone)) {
    return std::nullopt;
  }
  const absl::Time first = absl::FromCivil(absl::CivilSecond(kFirstYear), absl::UTCTimeZone());
  const absl::Time last = absl::FromCivil(absl::CivilSecond(kLastYear), absl::UTCTimeZone());
  jobs::TimeZone value{.name = std::string(name), .shifts = {shift_at(first, zone)}};
  absl::TimeZone::CivilTransition next;
  for (absl::Time time = first; zone.NextTransition(time, &next);) {
    // Of an hour that comes twice the second one begins with the shift.
    time = zone.At(next.to).trans;
    if (time >= last) {
      break;
    }
    // A change of the abbreviation alone moves no clock.
    if (const auto shift = shift_at(time, zone); shift.offset != value.shifts.back().offset) {
      value.shifts.push_back(shift);
    }
  }
  return value;
}

}  // namespace manifests

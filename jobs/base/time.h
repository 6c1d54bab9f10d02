#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jobs/base/error.h"

namespace jobs {

/// "2026-11-21T09:30:00Z" (whole seconds; milliseconds are cut off).
[[nodiscard]] std::string format_time(TimePoint time);
/// Reads RFC 3339 with 'Z' or an offset, optional fraction; nothing on anything else.
[[nodiscard]] std::optional<TimePoint> parse_time(std::string_view text);

/// "1h 4m", "38s", "2d 3h": the two largest units, for people.
[[nodiscard]] std::string format_duration(Duration duration);
/// Reads one or more of "<integer><unit>" with units ms, s, m, h, d ("90s", "1h30m"). Nothing on
/// anything else, on an empty string, and above ten years.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

/// Start of the UTC day / month that contains `time`.
[[nodiscard]] TimePoint day_start(TimePoint time);
[[nodiscard]] TimePoint month_start(TimePoint time);

}  // namespace jobs

#include "jobs/base/time.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace jobs {

namespace {

using std::chrono::days;
using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kLongest = days(3660);
constexpr TimePoint kFirstShown{seconds(-62'135'596'800)};  // 0001-01-01T00:00:00Z
constexpr TimePoint kLastShown{seconds(253'402'300'799)};   // 9999-12-31T23:59:59Z

/// Reads exactly `count` digits at `pos` and moves on; -1 if they are not there.
int digits(std::string_view text, std::size_t& pos, std::size_t count) {
  if (pos + count > text.size()) {
    return -1;
  }
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = text[pos + i];
    if (c < '0' || c > '9') {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  pos += count;
  return value;
}

bool literal(std::string_view text, std::size_t& pos, char expected) {
  if (pos < text.size() && text[pos] == expected) {
    ++pos;
    return true;
  }
  return false;
}

/// "Z", "+02:00"; the offset from UTC.
std::optional<minutes> zone(std::string_view text, std::size_t& pos) {
  if (literal(text, pos, 'Z') || literal(text, pos, 'z')) {
    return minutes(0);
  }
  const bool plus = literal(text, pos, '+');
  if (!plus && !literal(text, pos, '-')) {
    return std::nullopt;
  }
  const int h = digits(text, pos, 2);
  if (h < 0 || h > 23 || !literal(text, pos, ':')) {
    return std::nullopt;
  }
  const int m = digits(text, pos, 2);
  if (m < 0 || m > 59) {
    return std::nullopt;
  }
  const minutes offset = hours(h) + minutes(m);
  return plus ? offset : -offset;
}

}  // namespace

std::string format_time(TimePoint time) {
  // Whatever a damaged file holds, it is shown as some time of the years 1 to 9999.
  time = std::clamp(time, kFirstShown, kLastShown);
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const auto since = duration_cast<seconds>(time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     since / 3600, since / 60 % 60, since % 60);
}

std::optional<TimePoint> parse_time(std::string_view text) {
  std::size_t pos = 0;
  const int year = digits(text, pos, 4);
  if (year < 1 || !literal(text, pos, '-')) {
    return std::nullopt;
  }
  const int month = digits(text, pos, 2);
  if (month < 1 || !literal(text, pos, '-')) {
    return std::nullopt;
  }
  const int day = digits(text, pos, 2);
  if (day < 1 || !(literal(text, pos, 'T') || literal(text, pos, 't') || literal(text, pos, ' '))) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  const int hour = digits(text, pos, 2);
  if (!date.ok() || hour < 0 || hour > 23 || !literal(text, pos, ':')) {
    return std::nullopt;
  }
  const int minute = digits(text, pos, 2);
  if (minute < 0 || minute > 59 || !literal(text, pos, ':')) {
    return std::nullopt;
  }
  const int second = digits(text, pos, 2);
  if (second < 0 || second > 60) {
    return std::nullopt;
  }
  int millis = 0;
  if (literal(text, pos, '.')) {
    int scale = 100;
    const std::size_t first = pos;
    while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') {
      millis += (text[pos] - '0') * scale;
      scale /= 10;
      ++pos;
    }
    if (pos == first) {
      return std::nullopt;
    }
  }
  const auto offset = zone(text, pos);
  if (!offset || pos != text.size()) {
    return std::nullopt;
  }
  return TimePoint(std::chrono::sys_days(date)) + hours(hour) + minutes(minute) + seconds(second) +
         std::chrono::milliseconds(millis) - *offset;
}

std::string format_duration(Duration duration) {
  if (duration < Duration::zero()) {
    // The most negative value has no positive one.
    return "-" + format_duration(-std::max(duration, -Duration::max()));
  }
  if (duration < seconds(1)) {
    return fmt::format("{}ms", duration.count());
  }
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits{{{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}}};
  std::int64_t rest = duration_cast<seconds>(duration).count();
  std::string out;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    const std::int64_t count = rest / unit.seconds;
    rest %= unit.seconds;
    if (count > 0) {
      out += fmt::format("{}{}{}", out.empty() ? "" : " ", count, unit.name);
    }
    if ((count > 0 || shown > 0) && ++shown == 2) {
      break;
    }
  }
  return out;
}

std::optional<Duration> parse_duration(std::string_view text) {
  Duration total{0};
  std::size_t pos = 0;
  while (pos < text.size()) {
    std::int64_t count = 0;
    const std::size_t first = pos;
    for (; pos < text.size() && text[pos] >= '0' && text[pos] <= '9'; ++pos) {
      count = count * 10 + (text[pos] - '0');
      if (count > kLongest.count()) {
        return std::nullopt;
      }
    }
    if (pos == first || pos == text.size()) {
      return std::nullopt;
    }
    std::int64_t unit = 0;
    if (text.substr(pos, 2) == "ms") {
      unit = 1;
      pos += 2;
    } else {
      switch (text[pos++]) {
        case 's': unit = 1000; break;
        case 'm': unit = 60'000; break;
        case 'h': unit = 3'600'000; break;
        case 'd': unit = 86'400'000; break;
        default: return std::nullopt;
      }
    }
    if (count > kLongest.count() / unit) {
      return std::nullopt;
    }
    total += Duration(count * unit);
    if (total > kLongest) {
      return std::nullopt;
    }
  }
  return text.empty() ? std::nullopt : std::optional(total);
}

TimePoint day_start(TimePoint time) {
  return std::chrono::floor<days>(time);
}

TimePoint month_start(TimePoint time) {
  const std::chrono::year_month_day date(std::chrono::floor<days>(time));
  return TimePoint(std::chrono::sys_days(date.year() / date.month() / 1));
}

}  // namespace jobs

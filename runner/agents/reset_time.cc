#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>
#include <utility>

#include "jobs/base/time.h"
#include "runner/agents/failure.h"

namespace runner::agents {

namespace {

using jobs::Duration;
using jobs::TimePoint;

constexpr Duration kLongest = std::chrono::days(32);

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<TimePoint> if_ahead(std::optional<TimePoint> time, TimePoint now) {
  return time && *time > now && *time - now <= kLongest ? time : std::nullopt;
}

/// The number that `text` begins with; its digits are taken off. At most nine digits.
std::optional<int> take_number(std::string_view& text) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    ++digits;
  }
  int number = 0;
  if (digits == 0 || digits > 9 ||
      std::from_chars(text.data(), text.data() + digits, number).ec != std::errc()) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return number;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == ',')) {
    text.remove_prefix(1);
  }
}

std::string_view take_word(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] >= 'a' && text[length] <= 'z') {
    ++length;
  }
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

/// "...|1749924000" and "resetsAt":1749924000: ten digits that are seconds, or thirteen that are
/// milliseconds.
std::optional<TimePoint> as_epoch(std::string_view text, TimePoint now) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) {
      ++end;
    }
    const std::size_t length = end - at;
    if (length == 10 || length == 13) {
      std::int64_t number = 0;
      std::from_chars(text.data() + at, text.data() + end, number);
      const Duration since =
          length == 10 ? std::chrono::duration_cast<Duration>(std::chrono::seconds(number))
                       : Duration(number);
      if (const auto found = if_ahead(TimePoint(since), now)) {
        return found;
      }
    }
    at = end;
  }
  return std::nullopt;
}

/// An RFC 3339 time anywhere in the text.
std::optional<TimePoint> as_time(std::string_view text, TimePoint now) {
  for (std::size_t at = text.find("20"); at != std::string_view::npos;
       at = text.find("20", at + 1)) {
    std::size_t end = at;
    while (end < text.size() && end - at < 40 &&
           (is_digit(text[end]) || std::string_view("TZtz:+-.").contains(text[end]))) {
      ++end;
    }
    std::string_view candidate = text.substr(at, end - at);
    while (!candidate.empty() && (candidate.back() == '.' || candidate.back() == ':')) {
      candidate.remove_suffix(1);
    }
    std::string upper(candidate);
    std::ranges::transform(upper, upper.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (const auto found = if_ahead(jobs::parse_time(upper), now)) {
      return found;
    }
  }
  return std::nullopt;
}

/// "in 2 days 3 hours 4 minutes", "in 20s", "after 1.5s".
std::optional<TimePoint> as_distance(std::string_view text, TimePoint now) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 14> kUnits = {{{"s", 1},
                                                                                 {"sec", 1},
                                                                                 {"secs", 1},
                                                                                 {"second", 1},
                                                                                 {"seconds", 1},
                                                                                 {"m", 60},
                                                                                 {"min", 60},
                                                                                 {"mins", 60},
                                                                                 {"minute", 60},
                                                                                 {"minutes", 60},
                                                                                 {"h", 3600},
                                                                                 {"hour", 3600},
                                                                                 {"hours", 3600},
                                                                                 {"days", 86'400}}};
  for (const std::string_view before : {" in ", "after "}) {
    for (std::size_t at = text.find(before); at != std::string_view::npos;
         at = text.find(before, at + 1)) {
      std::string_view rest = text.substr(at + before.size());
      std::int64_t seconds = 0;
      bool any = false;
      while (true) {
        skip_blanks(rest);
        if (rest.starts_with("and ")) {
          rest.remove_prefix(4);
        }
        std::string_view ahead = rest;
        const auto number = take_number(ahead);
        if (!number) {
          break;
        }
        std::int64_t fraction = 0;
        if (ahead.starts_with(".")) {
          ahead.remove_prefix(1);
          fraction = take_number(ahead) ? 1 : 0;
        }
        skip_blanks(ahead);
        const std::string_view word = take_word(ahead);
        const auto* unit = std::ranges::find(kUnits, word == "day" ? "days" : word,
                                             &std::pair<std::string_view, std::int64_t>::first);
        if (unit == kUnits.end()) {
          break;
        }
        seconds += (*number + fraction) * unit->second;
        any = true;
        rest = ahead;
      }
      if (any) {
        return if_ahead(now + std::chrono::seconds(seconds), now);
      }
    }
  }
  return std::nullopt;
}

/// "resets 3pm (UTC)", "at 15:30 UTC": the next such time of day.
std::optional<TimePoint> as_time_of_day(std::string_view text, TimePoint now) {
  for (const std::string_view before : {"resets at ", "resets ", "again at ", "reset at "}) {
    const std::size_t at = text.find(before);
    if (at == std::string_view::npos) {
      continue;
    }
    std::string_view rest = text.substr(at + before.size());
    auto hour = take_number(rest);
    int minute = 0;
    if (hour && rest.starts_with(":")) {
      rest.remove_prefix(1);
      minute = take_number(rest).value_or(-1);
    }
    skip_blanks(rest);
    const bool pm = rest.starts_with("pm");
    if (pm || rest.starts_with("am")) {
      rest.remove_prefix(2);
      if (hour && (*hour < 1 || *hour > 12)) {
        continue;
      }
      hour = hour ? std::optional(*hour % 12 + (pm ? 12 : 0)) : hour;
    }
    skip_blanks(rest);
    const bool utc = rest.starts_with("(utc)") || rest.starts_with("utc") ||
                     rest.starts_with("gmt") || rest.starts_with("(gmt)");
    if (!hour || *hour > 23 || minute < 0 || minute > 59 || !utc) {
      continue;
    }
    TimePoint when =
        jobs::day_start(now) + std::chrono::hours(*hour) + std::chrono::minutes(minute);
    if (when <= now) {
      when += std::chrono::days(1);
    }
    return when;
  }
  return std::nullopt;
}

}  // namespace

std::optional<TimePoint> reset_in(std::string_view text, TimePoint now) {
  std::string words(text.substr(0, 16U << 10));
  std::ranges::transform(words, words.begin(), [](unsigned char c) {
    return static_cast<char>(c < 0x80 ? std::tolower(c) : c);
  });
  if (auto found = as_epoch(words, now)) {
    return found;
  }
  if (auto found = as_time(words, now)) {
    return found;
  }
  if (auto found = as_distance(words, now)) {
    return found;
  }
  return as_time_of_day(words, now);
}

}  // namespace runner::agents

#include "runner/cli/event_tail.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace runner::cli {

namespace {

constexpr std::size_t kLongestLine = 1U << 20U;

/// A number without sign or blanks; nothing for anything else.
template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool fine = error == std::errc() && end == text.data() + text.size() && number >= 0;
  return fine ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string to_string(const EventPlace& place) {
  return fmt::format("{}.{}", place.turn, place.number);
}

std::optional<EventPlace> parse_event_place(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) {
    return std::nullopt;
  }
  const auto turn = whole_number<int>(text.substr(0, dot));
  const auto number = whole_number<std::int64_t>(text.substr(dot + 1));
  return turn && number ? std::optional(EventPlace{.turn = *turn, .number = *number})
                        : std::nullopt;
}

std::vector<process::TurnEvent> EventTail::read() {
  std::vector<process::TurnEvent> events;
  for (TailFile::Chunk chunk = file_.read(); !chunk.bytes.empty(); chunk = file_.read()) {
    if (chunk.restarted) {
      rest_.clear();
      skipping_ = false;
    }
    std::string_view bytes = chunk.bytes;
    for (std::size_t end = bytes.find('\n'); end != std::string_view::npos;
         end = bytes.find('\n')) {
      rest_ += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      if (!std::exchange(skipping_, false)) {
        take(rest_, events);
      }
      rest_.clear();
    }
    rest_ += bytes;
    if (rest_.size() > kLongestLine) {
      skipping_ = true;
      rest_.clear();
    }
  }
  return events;
}

void EventTail::take(std::string_view line, std::vector<process::TurnEvent>& events) {
  auto event = process::parse_event(line);
  // One without a number was written by an older version.
  if (event && (event->number == 0 || event->number > seen_)) {
    seen_ = std::max(seen_, event->number);
    events.push_back(*std::move(event));
  }
}

}  // namespace runner::cli

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/cli/tail_file.h"
#include "runner/process/turn_files.h"

namespace runner::cli {

/// The place of an event in a run: its turn and its number there. Written "2.37".
struct EventPlace {
  int turn = 0;             ///< 0 = before everything
  std::int64_t number = 0;  ///< 0 = before the turn's first event
  friend auto operator<=>(const EventPlace&, const EventPlace&) = default;
};
[[nodiscard]] std::string to_string(const EventPlace& place);
[[nodiscard]] std::optional<EventPlace> parse_event_place(std::string_view text);

/// Reads a turn's events as they are written: each once, in order, whatever happens to the file. A
/// line that is not whole yet waits; one that is no event, or far too long for one, is left out.
class EventTail {
 public:
  /// `after`: events up to this number were seen before.
  EventTail(std::string path, std::int64_t after) : file_(std::move(path)), seen_(after) {}
  /// What is new.
  [[nodiscard]] std::vector<process::TurnEvent> read();

 private:
  void take(std::string_view line, std::vector<process::TurnEvent>& events);

  TailFile file_;
  std::int64_t seen_;
  std::string rest_;
  bool skipping_ = false;  ///< until the end of a line that is too long
};

}  // namespace runner::cli

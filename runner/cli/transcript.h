#pragma once

#include "jobs/model/turn.h"
#include "runner/cli/event_tail.h"
#include "runner/cli/screen.h"
#include "runner/cli/tail_file.h"
#include "runner/process/turn_files.h"

namespace runner::cli {

/// What of a turn is printed.
enum class LogForm : std::uint8_t {
  readable,  ///< for people
  raw,       ///< the agent's output byte for byte
  events,    ///< one JSON object for each event, with its place in the run
};

/// One turn's transcript, printed as it grows.
class Transcript {
 public:
  /// Events up to `after` are left out.
  Transcript(const jobs::Turn& turn, const Screen& screen, LogForm form, const EventPlace& after);

  [[nodiscard]] int number() const { return number_; }
  /// Prints everything that is there now.
  void drain();
  /// The same, and how it ended. Nothing the second time.
  void finish(const jobs::Turn& turn);

 private:
  void drain_output();
  void print_event(const process::TurnEvent& event) const;
  void print_object(const process::TurnEvent& event) const;

  process::TurnPaths paths_;
  int number_;
  Screen screen_;
  LogForm form_;
  bool stream_;  ///< its agent is of a known kind
  bool finished_ = false;
  TailFile output_;
  EventTail events_;
  LineBuffer lines_;
};

}  // namespace runner::cli

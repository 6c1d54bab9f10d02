#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "jobs/base/error.h"
#include "runner/process/fd.h"
#include "runner/process/redactor.h"
#include "runner/process/turn_files.h"

namespace runner::process {

/// Writes what a turn says: output.log (redacted, capped) and events.ndjson. A full disk stops the
/// writing, never the turn.
class TurnLog {
 public:
  TurnLog(const TurnPaths& paths, std::int64_t most_output, Redactor redactor);

  /// `errors`: of its stderr, where that is apart.
  void output(std::string_view chunk, jobs::TimePoint now, bool errors = false);
  /// Writes what the redactor held back.
  void finish_output(jobs::TimePoint now);
  void event(std::string_view type, std::string_view text, jobs::TimePoint now);
  /// What the agent's stream says. Cut to kMostText, and only so many bytes of all of it are kept:
  /// what is left out is said once. `session`, `usage` and `result` are always kept.
  void agent_event(TurnEvent event);
  [[nodiscard]] std::string redacted(std::string_view text) const {
    return events_redactor_.redact(text);
  }

  static constexpr std::size_t kMostText = 4000;

  /// All bytes that came, also those that were not kept.
  [[nodiscard]] std::int64_t output_bytes() const { return seen_; }
  [[nodiscard]] std::optional<jobs::TimePoint> last_output_at() const { return last_output_at_; }

 private:
  void keep(std::string_view redacted, jobs::TimePoint now);

  void append(TurnEvent event);

  Redactor redactor_;
  Redactor errors_redactor_;
  Redactor events_redactor_;
  Fd output_;
  Fd events_;
  std::int64_t most_output_;
  std::int64_t seen_ = 0;
  std::int64_t kept_ = 0;
  int event_count_ = 0;
  std::int64_t numbered_ = 0;
  std::size_t agent_bytes_ = 0;
  bool agent_cut_ = false;
  bool full_ = false;
  std::optional<jobs::TimePoint> last_output_at_;
};

}  // namespace runner::process

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/error.h"
#include "jobs/base/ids.h"

namespace jobs {

/// In the default order: finish before you start.
enum class TickJob : std::uint8_t { watch, fix_forward, poll, janitor };
[[nodiscard]] std::string_view to_string(TickJob job);
[[nodiscard]] std::optional<TickJob> parse_tick_job(std::string_view text);

/// One tick, as recorded.
struct TickRow {
  TickId id;
  std::vector<TickJob> jobs;
  TimePoint started_at;
  std::optional<TimePoint> ended_at;  ///< none = running, or died
  std::string host;
  std::string version;
  int candidates = 0;
  int started = 0;   ///< runs claimed
  int effects = 0;   ///< effects carried out
  int failures = 0;  ///< things that failed on one repository or run
  std::optional<int> exit_code;
};

}  // namespace jobs

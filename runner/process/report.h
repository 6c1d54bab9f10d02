#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "jobs/base/result.h"
#include "jobs/model/run.h"

namespace runner::process {

inline constexpr std::size_t kMostReportText = 1000;  ///< characters of a text that are kept
inline constexpr std::size_t kMostReportLine = 8000;  ///< bytes of one line of reports.ndjson

/// What `runner report` says: exactly one of the three.
struct Report {
  std::optional<jobs::Phase> phase;
  std::string blocked;
  std::string note;
};

/// Appends the report to reports.ndjson in `turn_dir`, which is the value of RUNNER_TURN_DIR that
/// the agent was given. usage: nothing or more than one thing is said, the text is too long, or
/// `turn_dir` is empty (not inside a turn).
[[nodiscard]] jobs::Status report(const std::string& turn_dir, const Report& what,
                                  jobs::TimePoint now);

}  // namespace runner::process

#pragma once

#include <string>

#include "runner/cli/json_out.h"
#include "runner/cli/screen.h"
#include "runner/tick/report.h"

/// What people and machines see of a tick. The same report gives all of it.
namespace runner::cli {

/// One line of what happens: `time  repo#issue  text`.
[[nodiscard]] std::string line_text(const Screen& screen, const TickLine& line,
                                    const std::string& time);
/// The same as one JSON line, without a newline.
[[nodiscard]] std::string line_json(const TickLine& line, const std::string& time);

/// The plan of a dry run, grouped by repository: every candidate with its reason, every live run
/// with its next step.
[[nodiscard]] std::string plan_text(const Screen& screen, const TickReport& report);
/// The last line of a tick.
[[nodiscard]] std::string summary_text(const TickReport& report);
/// `runner tick --json`.
[[nodiscard]] Json report_json(const TickReport& report);

}  // namespace runner::cli

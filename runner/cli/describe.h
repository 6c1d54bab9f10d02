#pragma once

#include <optional>
#include <string>

#include "jobs/model/run.h"
#include "jobs/model/turn.h"
#include "runner/cli/table.h"

/// Words and colours that several commands use for the same thing.
namespace runner::cli {

/// "frozen", or for a live run what it is doing: "implement: turning".
[[nodiscard]] Cell state_of(const jobs::Run& run);
/// "4m 2s", up to `now` for what has not ended; "-" if it never started.
[[nodiscard]] std::string took(const std::optional<jobs::TimePoint>& from,
                               const std::optional<jobs::TimePoint>& to, jobs::TimePoint now);
/// "exit code 3", "stopped: no output for too long", "running", ...
[[nodiscard]] Cell end_of(const jobs::Turn& turn);
/// "$0.12"
[[nodiscard]] std::string dollars(jobs::Usd usd);
/// "12.3 KiB"
[[nodiscard]] std::string size_text(std::int64_t bytes);
/// "1 run", "2 runs"
[[nodiscard]] std::string counted(std::int64_t count, const std::string& noun);

}  // namespace runner::cli

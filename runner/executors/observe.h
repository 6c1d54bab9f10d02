#pragma once

#include "jobs/base/result.h"
#include "jobs/model/turn.h"
#include "runner/process/turn_files.h"

namespace runner::executors {

/// Whether somebody is in charge of a turn now.
enum class Owner : std::uint8_t { nobody, starting, alive, gone, finished };
[[nodiscard]] Owner owner_of(const process::TurnPaths& paths, jobs::TimePoint now);

/// The turn as its directory and its supervisor's process show it. Any content of any file is
/// taken.
[[nodiscard]] jobs::TurnFacts observe_turn(const process::TurnPaths& paths, jobs::TimePoint now);

}  // namespace runner::executors

#pragma once

#include <string>

#include "jobs/base/result.h"

namespace runner::executors {

/// Removes a turn directory that nobody uses, and what died half made or half removed beside it;
/// the run's folder too when nothing is left in it. Done if there is none. The caller has checked
/// that the path is a turn's.
[[nodiscard]] jobs::Status remove_turn(const std::string& directory, jobs::TimePoint now);

}  // namespace runner::executors

#pragma once

#include "jobs/base/result.h"
#include "runner/process/fd.h"
#include "runner/process/turn_files.h"

namespace runner::process {

/// Who may run a turn: whoever holds the lock and created supervisor.json, once in the turn's life.
struct Takeover {
  Fd lock;
  bool ours = false;  ///< false: the turn is or was somebody else's; nothing may be run
};
[[nodiscard]] jobs::Result<Takeover> take_over(const TurnPaths& paths, jobs::TimePoint now);

/// True while a supervisor holds the lock. Takes no lock itself, so it disturbs nobody.
[[nodiscard]] bool is_locked(const TurnPaths& paths);

/// Writes exit.json into the space that take_over() reserved, so that it comes also when the disk
/// is full.
[[nodiscard]] jobs::Status write_exit(const TurnPaths& paths, const ExitFile& file);

}  // namespace runner::process

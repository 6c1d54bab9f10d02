#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/run.h"
#include "jobs/ports/store.h"
#include "runner/store/files.h"
#include "runner/store/harvest.h"

namespace runner::store {

/// What a new state is made from, besides the harvest.
struct Rebuilding {
  jobs::TimePoint now;
  jobs::TickId tick;       ///< under which the change is recorded
  std::string version;     ///< of the program
  std::string why;         ///< for the pause; empty = the state goes on as it was
  std::int64_t steps = 0;  ///< the new state must know of more
  /// How a run that lives is ended; asked only where something is missing.
  std::function<jobs::Change(const jobs::Run&)> end_run;
};

struct Rebuilt {
  std::int64_t rows = 0;      ///< protected rows that were kept
  std::int64_t left_out = 0;  ///< rows that fit their digest and nothing else any more
  std::int64_t ended = 0;     ///< runs that were ended
  std::int64_t settled = 0;   ///< turns whose money was settled because nothing else knows it
  std::int64_t steps = 0;
};

/// Makes a complete new state at `paths.creating` from a harvest. Nothing is invented: rows are
/// kept as they are or left out; money is counted at least as high as anything says. With `why`
/// every live run is ended and the fleet paused. The new state is verified.
[[nodiscard]] jobs::Result<Rebuilt> rebuild(const StatePaths& paths, const Harvest& harvest,
                                            const Rebuilding& how);

}  // namespace runner::store

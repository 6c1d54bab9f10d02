#pragma once

#include <memory>
#include <string>

#include "jobs/model/fleet.h"
#include "jobs/ports/workspace.h"

namespace runner::executors {

struct FilterProgramsOptions {
  std::string home;     ///< HOME of the programs: a folder of the runner's own
  jobs::Limits limits;  ///< what bounds their memory, processes and files
};

/// Runs the programs in a session of their own that ends with them, with none of the runner's
/// environment. They are the operator's, as the manifest says, not the repository's: nothing but
/// these bounds contains them. What they write to their standard error is part of an error.
[[nodiscard]] std::unique_ptr<jobs::FilterRunner> make_filter_programs(
    FilterProgramsOptions options);

}  // namespace runner::executors

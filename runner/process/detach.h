#pragma once

#include <map>
#include <string>
#include <vector>

#include "jobs/base/result.h"

namespace runner::process {

/// A program that is to outlive us.
struct Detached {
  std::string program;
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;  ///< the whole environment
  std::string log;                         ///< file that gets its stdout and stderr
};

/// Starts it with its own session, cwd /, stdin empty, no inherited descriptor, an empty signal
/// mask; it is nobody's child when this returns. Says no more than that the program was executed.
/// Safe while other threads run.
[[nodiscard]] jobs::Status start_detached(const Detached& what);

}  // namespace runner::process

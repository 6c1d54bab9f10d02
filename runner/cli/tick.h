#pragma once

#include <string>
#include <vector>

#include "runner/cli/command.h"

namespace runner::cli {

/// `runner tick`: options as given; the names of the jobs are not checked yet.
struct TickCommand {
  std::string manifests_dir;
  std::vector<std::string> jobs;  ///< empty = all that are due
  bool dry_run = false;
  bool json = false;
  Color color = Color::automatic;
};

/// Returns the exit code.
[[nodiscard]] int run_tick(const TickCommand& command);

}  // namespace runner::cli

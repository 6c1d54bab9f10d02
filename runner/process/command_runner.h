#pragma once

#include <memory>
#include <string>

#include "jobs/ports/workspace.h"

namespace runner::process {

struct CommandRunnerOptions {
  /// HOME of the commands when their env has none: a folder of the runner's own, so that package
  /// managers keep their caches and no command reads the operator's credentials. "" = the command's
  /// cwd.
  std::string home;
  /// TERM -> KILL after the deadline.
  jobs::Duration grace = std::chrono::seconds(5);
};

/// Runs a setup, guard or CI command and waits for it: exactly the given environment (and PATH,
/// HOME, LANG), stdin empty, stdout and stderr together. At the end nothing that the command
/// started is left. Errors: not_found or denied for a program that cannot be started, transient
/// when the deadline is over (with the output's tail). A death by signal is an exit code of 128 +
/// signal.
[[nodiscard]] std::unique_ptr<jobs::CommandRunner> make_command_runner(
    CommandRunnerOptions options);

}  // namespace runner::process

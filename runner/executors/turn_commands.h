#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "jobs/base/ids.h"
#include "jobs/model/fleet.h"
#include "jobs/ports/clock.h"
#include "jobs/ports/executor.h"
#include "jobs/ports/workspace.h"

namespace runner::executors {

struct TurnCommandsOptions {
  std::string root;  ///< of the executor
  /// HOME of the commands: a folder of the runner's own, so that package managers keep their caches
  /// and no command reads the operator's credentials.
  std::string home;
  jobs::Limits limits;  ///< turn_grace and what bounds memory, processes, files and output
  jobs::Containment containment = jobs::Containment::automatic;
  /// What a repository's commands may use besides its worktree, as an agent's `caches` and `read`.
  std::map<jobs::RepoName, std::vector<std::string>> beside;
};

/// Runs each command as a turn without an agent and waits for its end: supervised and contained
/// like one, because what it does is up to the repository (an install script is code of whoever
/// wrote it). Nothing that it started is left. One that a dead tick left running in the same
/// folder is stopped first. Errors: not_found for a program that cannot be started; transient when
/// the deadline is over or its supervisor died. A death by signal is an exit code of 128 + signal.
/// The ports and the clock must outlive it.
[[nodiscard]] std::unique_ptr<jobs::CommandRunner> make_turn_commands(TurnCommandsOptions options,
                                                                      jobs::ExecutorReader& reader,
                                                                      jobs::ExecutorWriter& writer,
                                                                      jobs::Clock& clock);

}  // namespace runner::executors

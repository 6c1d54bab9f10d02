#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "jobs/base/ids.h"
#include "jobs/ports/clock.h"
#include "jobs/ports/executor.h"
#include "runner/process/turn_files.h"

namespace runner::executors {

struct ProcessExecutorOptions {
  /// <state_dir>/turns: a turn lives in <root>/<run>/<number>. Absolute; made when the first turn
  /// starts.
  std::string root;
  /// The program that knows `supervise DIR`: normally ourselves.
  std::string program = "/proc/self/exe";
  /// A variable of the runner's own environment; only those that a spec names are asked for. Empty
  /// = the real one.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  /// What a turn needs to see of git where all else is hidden. Empty = nothing.
  std::function<process::TurnView(const jobs::TurnSpec& spec)> view;
  /// Must outlive the executor.
  jobs::Clock* clock = nullptr;
  /// How long start() waits for the supervisor to take over.
  jobs::Duration takeover_deadline = std::chrono::seconds(30);
};

/// Both ports in one object; calls may come from several threads at once.
class ProcessExecutor : public jobs::ExecutorReader, public jobs::ExecutorWriter {};

/// Runs turns as processes of this host, each below a detached `runner supervise`. A missing or
/// broken program is not an error of start(): the turn then ends as `not_started`, so that every
/// end of a turn is read in one place.
[[nodiscard]] std::unique_ptr<ProcessExecutor> make_process_executor(
    ProcessExecutorOptions options);

/// Where a turn lives: TurnSpec::directory must be this.
[[nodiscard]] std::string turn_directory(const std::string& root, const jobs::RunId& run,
                                         int number);

}  // namespace runner::executors

#include "runner/executors/turn_commands.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/executors/process_executor.h"
#include "runner/process/files.h"

namespace runner::executors {

using jobs::ErrorKind;
using jobs::TurnEnd;
using jobs::TurnFacts;

namespace {

constexpr std::size_t kTailBytes = 8U << 10;
constexpr std::size_t kTailLines = 200;
constexpr std::chrono::milliseconds kShortestPause{5};
constexpr std::chrono::milliseconds kLongestPause{250};
/// Beyond its deadline and grace a supervisor needs time to kill what is left and to write it down.
constexpr std::chrono::seconds kPatience{60};

/// Of what runs in that folder: the same for every tick, so that the next one finds it.
jobs::RunId id_of(const jobs::RepoName& repo, const std::string& cwd) {
  constexpr std::size_t kMaxSlug = 20;
  return jobs::RunId(
      fmt::format("setup-{}-{:016x}", jobs::slug(repo.str(), kMaxSlug), jobs::fnv1a(cwd)));
}

class TurnCommands final : public jobs::CommandRunner {
 public:
  TurnCommands(TurnCommandsOptions options, jobs::ExecutorReader& reader,
               jobs::ExecutorWriter& writer, jobs::Clock& clock)
      : options_(std::move(options)), reader_(reader), writer_(writer), clock_(clock) {}

  jobs::Result<Outcome> run(const Command& command) override {
    if (command.argv.empty()) {
      return jobs::fail(ErrorKind::usage, "the command is empty");
    }
    return run_turn(command).while_doing(
        fmt::format("running {} in {}", jobs::one_line(command.argv.front()), command.cwd));
  }

 private:
  jobs::Result<Outcome> run_turn(const Command& command) {
    const jobs::TurnSpec spec = spec_of(command);
    RUNNER_TRY(clear(spec.directory));
    std::error_code error;
    if (std::filesystem::create_directories(options_.home, error); error) {
      return process::system_error(error.value(), "make the folder", options_.home);
    }
    const jobs::TimePoint began = clock_.now();
    RUNNER_TRY(writer_.start(spec, {}));
    RUNNER_ASSIGN(const TurnFacts facts,
                  wait_for_end(spec.directory, command.deadline + spec.grace + kPatience));
    auto outcome = outcome_of(facts, command, clock_.now() - began);
    // What failed stays to be looked at until the next command runs here.
    if (outcome && outcome->exit_code == 0) {
      RUNNER_TRY(writer_.remove(spec.directory));
    }
    return outcome;
  }

  /// Ends and removes what was run there before.
  jobs::Status clear(const std::string& directory) {
    RUNNER_ASSIGN(const TurnFacts facts, reader_.observe(directory));
    if (facts.state == TurnFacts::State::absent) {
      return jobs::ok();
    }
    if (facts.state != TurnFacts::State::ended) {
      RUNNER_TRY(writer_.stop(directory, "another tick sets the worktree up"));
      RUNNER_TRY(wait_for_end(directory, options_.limits.turn_grace + kPatience));
    }
    RUNNER_TRY(writer_.reap(directory));
    return writer_.remove(directory);
  }

  [[nodiscard]] jobs::TurnSpec spec_of(const Command& command) const {
    const jobs::Limits& limits = options_.limits;
    jobs::TurnSpec spec;
    spec.run = id_of(command.repo, command.cwd);
    spec.issue.repo = command.repo;
    spec.number = 1;
    spec.directory = turn_directory(options_.root, spec.run, spec.number);
    spec.cwd = command.cwd;
    spec.argv = command.argv;
    spec.env = command.env;
    spec.env.try_emplace("HOME", options_.home);
    spec.deadline = command.deadline;
    spec.grace = limits.turn_grace;
    spec.output_bytes = limits.turn_output_bytes;
    spec.memory_bytes = limits.turn_memory_bytes;
    spec.processes = limits.turn_processes;
    spec.file_bytes = limits.turn_file_bytes;
    spec.containment = options_.containment;
    if (const auto beside = options_.beside.find(command.repo); beside != options_.beside.end()) {
      spec.writable = beside->second;
    }
    spec.writable.push_back(options_.home);
    return spec;
  }

  jobs::Result<TurnFacts> wait_for_end(const std::string& directory, jobs::Duration most) {
    std::chrono::milliseconds pause = kShortestPause;
    for (jobs::Duration waited{}; waited <= most; waited += pause) {
      RUNNER_ASSIGN(TurnFacts facts, reader_.observe(directory));
      if (facts.state == TurnFacts::State::ended && facts.exit) {
        return facts;
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, kLongestPause);
    }
    return jobs::fail(ErrorKind::transient,
                      fmt::format("it has not ended after {}", jobs::format_duration(most)));
  }

  static jobs::Result<Outcome> outcome_of(const TurnFacts& facts, const Command& command,
                                          jobs::Duration took) {
    const jobs::TurnExit& exit = *facts.exit;
    std::string tail = jobs::tail(facts.output_tail, kTailLines, kTailBytes);
    switch (exit.end) {
      case TurnEnd::exited:
        return Outcome{.exit_code = exit.exit_code, .output_tail = std::move(tail), .took = took};
      case TurnEnd::signalled:
        return Outcome{
            .exit_code = 128 + exit.signal, .output_tail = std::move(tail), .took = took};
      case TurnEnd::not_started:
        return jobs::fail(ErrorKind::not_found,
                          "it could not be started: " + jobs::one_line(exit.detail, 400));
      case TurnEnd::deadline:
        return jobs::fail(
            ErrorKind::transient,
            fmt::format("stopped: its deadline of {} is over; it last said: {}",
                        jobs::format_duration(command.deadline), jobs::one_line(tail, 1000)));
      case TurnEnd::silent:
      case TurnEnd::first_byte:
      case TurnEnd::over_budget:
      case TurnEnd::lingered:
      case TurnEnd::stopped:
      case TurnEnd::lost: break;
    }
    return jobs::fail(ErrorKind::transient, fmt::format("it ended as {}: {}", to_string(exit.end),
                                                        jobs::one_line(exit.detail, 400)));
  }

  TurnCommandsOptions options_;
  jobs::ExecutorReader& reader_;
  jobs::ExecutorWriter& writer_;
  jobs::Clock& clock_;
};

}  // namespace

std::unique_ptr<jobs::CommandRunner> make_turn_commands(TurnCommandsOptions options,
                                                        jobs::ExecutorReader& reader,
                                                        jobs::ExecutorWriter& writer,
                                                        jobs::Clock& clock) {
  return std::make_unique<TurnCommands>(std::move(options), reader, writer, clock);
}

}  // namespace runner::executors

#include "runner/executors/process_executor.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/executors/observe.h"
#include "runner/executors/remove_turn.h"
#include "runner/process/cgroup.h"
#include "runner/process/detach.h"
#include "runner/process/files.h"
#include "runner/process/identity.h"
#include "runner/process/takeover.h"
#include "runner/process/turn_environment.h"
#include "runner/process/turn_files.h"

namespace runner::executors {

namespace fs = std::filesystem;
using jobs::ErrorKind;
using jobs::Result;
using jobs::Status;
using process::TurnPaths;

namespace {

constexpr std::size_t kMostSpecBytes = 4U << 20;

// Without these a runner that was built in an unusual way cannot start itself.
constexpr const char* kSupervisorVariables[] = {
    "PATH",
    "RUNNER_BUBBLEWRAP",
    "LANG",
    "LD_LIBRARY_PATH",
    "ASAN_OPTIONS",
    "UBSAN_OPTIONS",
    "TSAN_OPTIONS",
    "LSAN_OPTIONS",
#ifdef RUNNER_TEST_POINTS
    // Armed for the supervisor as well as for the tick.
    "RUNNER_POINT",
    "RUNNER_POINT_LOG",
#endif
};

bool is_number(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 &&
         std::to_string(number) == text;
}

class Executor final : public ProcessExecutor {
 public:
  explicit Executor(ProcessExecutorOptions options) : options_(std::move(options)) {
    while (options_.root.size() > 1 && options_.root.back() == '/') {
      options_.root.pop_back();
    }
    if (!options_.environment) {
      options_.environment = process::process_environment();
    }
  }

  Result<jobs::TurnFacts> observe(const std::string& turn_directory) override {
    RUNNER_TRY(check_inside(turn_directory));
    RUNNER_POINT(observe_turn);
    return observe_turn(TurnPaths(turn_directory), options_.clock->now());
  }

  Result<std::vector<std::string>> list() override {
    std::vector<std::string> result;
    std::error_code error;
    for (const auto& run : fs::directory_iterator(options_.root, error)) {
      if (!run.is_directory(error) || !jobs::is_safe_component(run.path().filename().string())) {
        continue;
      }
      for (const auto& turn : fs::directory_iterator(run.path(), error)) {
        if (turn.is_directory(error) && is_number(turn.path().filename().string())) {
          result.push_back(turn.path().string());
        }
      }
    }
    std::ranges::sort(result);
    return result;
  }

  Status start(const jobs::TurnSpec& spec, const jobs::Fence& still_ours) override {
    return start_turn(spec, still_ours)
        .while_doing(fmt::format("starting turn {} of run {}", spec.number, spec.run.str()));
  }

  Status stop(const std::string& turn_directory, const std::string& why) override {
    RUNNER_TRY(check_inside(turn_directory));
    const TurnPaths paths(turn_directory);
    if (!process::exists(paths.directory)) {
      return jobs::ok();
    }
    // Also before the start: a supervisor that comes late finds the request and starts nothing.
    auto asked = process::write_once(paths.stop, jobs::one_line(why, 300));
    if (!asked && asked.error().kind != ErrorKind::conflict && !ask_by_signal(paths)) {
      return asked;
    }
    RUNNER_POINT(stop_requested);
    wake(paths);
    RUNNER_TRY(reap(turn_directory));
    return jobs::ok();
  }

  Result<int> reap(const std::string& turn_directory) override {
    RUNNER_TRY(check_inside(turn_directory));
    const TurnPaths paths(turn_directory);
    switch (owner_of(paths, options_.clock->now())) {
      case Owner::starting:
      case Owner::alive: return 0;
      case Owner::nobody:
      case Owner::gone:
      case Owner::finished: break;
    }
    if (RUNNER_PLANTED(group_kill_only)) {
      return 0;
    }
    int ended = 0;
    // Written by the turn's own user: believed only if it names what this turn's group is called.
    const auto path = process::read_small(paths.cgroup, 4096);
    if (const auto group = path ? process::Cgroup::open(*path, process::cgroup_name(paths.marker))
                                : std::nullopt) {
      ended += static_cast<int>(group->members().size());
      group->kill();
    }
    return ended + process::kill_until_gone([&] { return process::census(paths.marker); }, [] {});
  }

  Status remove(const std::string& turn_directory) override {
    RUNNER_TRY(check_inside(turn_directory));
    const TurnPaths paths(turn_directory);
    const Owner owner = owner_of(paths, options_.clock->now());
    if (owner == Owner::starting || owner == Owner::alive) {
      return jobs::fail(ErrorKind::conflict,
                        fmt::format("the turn in {} is still running", turn_directory),
                        "stop it first");
    }
    RUNNER_TRY(reap(turn_directory));
    return remove_turn(paths.directory, options_.clock->now());
  }

 private:
  // Only <root>/<run>/<number> is ever touched, whatever the caller was told.
  Status check_inside(const std::string& directory) const {
    const fs::path path(directory);
    const std::string run = path.parent_path().filename().string();
    const std::string number = path.filename().string();
    if (directory == fmt::format("{}/{}/{}", options_.root, run, number) &&
        jobs::is_safe_component(run) && is_number(number)) {
      return jobs::ok();
    }
    return jobs::fail(ErrorKind::usage, fmt::format("{} is not a turn directory below {}",
                                                    jobs::one_line(directory), options_.root));
  }

  // Where nothing hides the supervisor from its agent, that one may have stopped it, so that no
  // deadline is ever looked at. Stopped, it is made to go on and ends its turn itself; held by a
  // tracer it can only be killed, which leaves the turn lost and the rest to `reap`.
  static void wake(const TurnPaths& paths) {
    const auto text = process::read_small(paths.supervisor, 64U << 10);
    const auto supervisor = text ? process::parse_supervisor(*text) : std::nullopt;
    if (!supervisor || process::life_of(supervisor->identity) != process::Life::alive) {
      return;
    }
    const pid_t pid = supervisor->identity.pid;
    // Also where it does not look stopped: a STOP may be on its way, and CONT takes that back.
    ::kill(pid, process::stat_of(pid).state == 't' ? SIGKILL : SIGCONT);
  }

  // On a full disk there is no room for the request; TERM says the same without the reason.
  static bool ask_by_signal(const TurnPaths& paths) {
    const auto text = process::read_small(paths.supervisor, 64U << 10);
    const auto supervisor = text ? process::parse_supervisor(*text) : std::nullopt;
    return supervisor && process::life_of(supervisor->identity) == process::Life::alive &&
           ::kill(supervisor->identity.pid, SIGTERM) == 0;
  }

  Status start_turn(const jobs::TurnSpec& wanted, const jobs::Fence& still_ours) {
    jobs::TurnSpec spec = wanted;
    if (spec.directory.empty()) {
      spec.directory = turn_directory(options_.root, spec.run, spec.number);
    }
    RUNNER_TRY(check_inside(spec.directory));
    if (spec.directory != turn_directory(options_.root, spec.run, spec.number)) {
      return jobs::fail(ErrorKind::usage,
                        fmt::format("{} is not the directory of turn {} of run {}", spec.directory,
                                    spec.number, spec.run.str()));
    }
    if (spec.argv.empty()) {
      return jobs::fail(ErrorKind::usage, "the turn has no command");
    }
    const TurnPaths paths(spec.directory);
    if (process::exists(paths.directory)) {
      RUNNER_TRY(check_same(spec, paths));
    } else {
      RUNNER_TRY(make_turn_directory(spec, paths));
    }
    if (taken_over(paths) && !RUNNER_PLANTED(turn_started_again)) {
      return jobs::ok();
    }
    RUNNER_TRY(jobs::ask(still_ours));
    RUNNER_TRY(process::start_detached(supervisor_of(spec, paths)));
    RUNNER_TRY(await_takeover(paths));
    RUNNER_POINT(takeover_awaited);
    return jobs::ok();
  }

  static bool taken_over(const TurnPaths& paths) {
    return process::exists(paths.supervisor) || process::exists(paths.exit);
  }

  static Status check_same(const jobs::TurnSpec& spec, const TurnPaths& paths) {
    const auto text = process::read_small(paths.spec, kMostSpecBytes);
    const auto found = text ? process::parse_spec(*text) : Result<jobs::TurnSpec>(text.error());
    if (found && found->run == spec.run && found->number == spec.number &&
        found->issue == spec.issue) {
      return jobs::ok();
    }
    return jobs::fail(ErrorKind::conflict,
                      fmt::format("{} exists and belongs to {}", paths.directory,
                                  found ? fmt::format("turn {} of run {} ({})", found->number,
                                                      found->run.str(), found->issue.str())
                                        : "something else: " + found.error().message),
                      "look at it, and remove it if nothing needs it");
  }

  // Built under another name and renamed, so that a turn directory is whole or not there.
  Status make_turn_directory(const jobs::TurnSpec& spec, const TurnPaths& paths) {
    const std::string run_folder = fs::path(paths.directory).parent_path().string();
    std::error_code error;
    fs::create_directories(options_.root, error);
    if (error) {
      return process::system_error(error.value(), "make the folder", options_.root);
    }
    fs::permissions(options_.root, fs::perms::owner_all, error);
    if (auto made = process::make_directory(run_folder);
        !made && made.error().kind != ErrorKind::conflict) {
      return made;
    }
    // The pid as well: processes forked from one have the same random numbers.
    const TurnPaths draft(fmt::format("{}/.{}.{}.{:016x}", run_folder, spec.number, ::getpid(),
                                      options_.clock->random()));
    RUNNER_TRY(process::make_directory(draft.directory));
    auto filled = fill(spec, draft);
    if (!filled) {
      fs::remove_all(draft.directory, error);
      return filled;
    }
    RUNNER_POINT(turn_drafted);
    if (std::rename(draft.directory.c_str(), paths.directory.c_str()) != 0) {
      const int error_number = errno;
      fs::remove_all(draft.directory, error);
      if (process::exists(paths.directory)) {
        return check_same(spec, paths);  // somebody else made it at the same time
      }
      return process::system_error(error_number, "create", paths.directory);
    }
    RUNNER_POINT(turn_renamed);
    RUNNER_TRY(process::sync_directory(run_folder));
    return process::sync_directory(options_.root);
  }

  Status fill(const jobs::TurnSpec& spec, const TurnPaths& draft) const {
    for (const auto* folder : {&draft.agent, &draft.home, &draft.temporary}) {
      RUNNER_TRY(process::make_directory(*folder));
    }
    if (!spec.prompt.empty()) {
      RUNNER_TRY(process::write_new(draft.prompt, spec.prompt));
      // The agent's own copy stands where RUNNER_TURN_DIR points.
      RUNNER_TRY(process::write_new(draft.agent + "/prompt.md", spec.prompt));
    }
    return process::write_new(
        draft.spec,
        process::to_json(spec, options_.view ? options_.view(spec) : process::TurnView{}));
  }

  process::Detached supervisor_of(const jobs::TurnSpec& spec, const TurnPaths& paths) const {
    process::Detached what{.program = options_.program,
                           .argv = {"runner", "supervise", paths.directory},
                           .env = {},
                           .log = paths.directory + "/supervisor.log"};
    const auto pass = [&](const std::string& name) {
      if (const auto value = options_.environment(name)) {
        what.env[name] = *value;
      }
    };
    for (const char* name : kSupervisorVariables) {
      pass(name);
    }
#ifdef RUNNER_PLANTED_BUGS
    pass("RUNNER_PLANTED");
#endif
    for (const auto* names : {&spec.pass_env, &spec.redact_env}) {
      std::ranges::for_each(*names, pass);
    }
    return what;
  }

  Status await_takeover(const TurnPaths& paths) const {
    const auto give_up = std::chrono::steady_clock::now() + options_.takeover_deadline;
    while (!taken_over(paths)) {
      if (std::chrono::steady_clock::now() > give_up) {
        const auto said = process::read_end(paths.directory + "/supervisor.log", 2000);
        return jobs::fail(
            ErrorKind::transient,
            fmt::format("the supervisor did not take over within {}: {}",
                        jobs::format_duration(options_.takeover_deadline),
                        said.empty() ? "it said nothing" : jobs::one_line(said, 500)));
      }
      const timespec pause{0, 2'000'000};
      ::nanosleep(&pause, nullptr);
    }
    return jobs::ok();
  }

  ProcessExecutorOptions options_;
};

}  // namespace

std::unique_ptr<ProcessExecutor> make_process_executor(ProcessExecutorOptions options) {
  return std::make_unique<Executor>(std::move(options));
}

std::string turn_directory(const std::string& root, const jobs::RunId& run, int number) {
  return fmt::format("{}/{}/{}", root, run.str(), number);
}

}  // namespace runner::executors

#include "runner/process/supervisor.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "runner/process/container.h"
#include "runner/process/files.h"
#include "runner/process/takeover.h"
#include "runner/process/turn_environment.h"
#include "runner/process/turn_files.h"
#include "runner/process/turn_loop.h"
#include "runner/wall_clock.h"

namespace runner::process {

namespace {

constexpr std::size_t kMostSpecBytes = 4U << 20;

// Goes to supervisor.log: what happens before and after there is an exit.json to say it in.
int complain(const std::string& what) {
  fmt::print(stderr, "runner supervise: {}\n", what);
  return 1;
}

ExitFile failed(std::string why) {
  ExitFile file;
  file.exit = {.end = jobs::TurnEnd::not_started,
               .exit_code = 0,
               .signal = 0,
               .detail = std::move(why),
               .at = wall_clock()};
  file.last.at = wall_clock();
  return file;
}

Fd block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&set, number);
  }
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

// The values of the variables that this turn is about; taken before the environment is wiped.
Lookup remember(const jobs::TurnSpec& spec) {
  std::map<std::string, std::string> values;
  const auto lookup = process_environment();
  for (const auto* names : {&spec.pass_env, &spec.redact_env}) {
    for (const auto& name : *names) {
      if (auto value = lookup(name)) {
        values[name] = std::move(*value);
      }
    }
  }
  for (const char* name : {"PATH", "RUNNER_BUBBLEWRAP"}) {
    if (auto value = lookup(name); value && !values.contains(name)) {
      values[name] = std::move(*value);
    }
  }
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

ExitFile run_turn(const TurnPaths& paths, int signals) {
  const auto text = read_small(paths.spec, kMostSpecBytes);
  if (!text) {
    return failed(text.error().text());
  }
  const auto spec = parse_spec(*text);
  if (!spec) {
    return failed(spec.error().text());
  }
  for (const auto* folder : {&paths.agent, &paths.home, &paths.temporary}) {
    if (auto made = make_directory(*folder);
        !made && made.error().kind != jobs::ErrorKind::conflict) {
      return failed(made.error().text());
    }
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const Lookup values = remember(*spec);
  wipe_environment();
  return TurnLoop(*spec, parse_view(*text), paths, values).run(signals);
}

}  // namespace

int supervise(const std::string& turn_directory) {
  if (turn_directory.empty() || turn_directory.front() != '/') {
    return complain("the turn directory must be an absolute path");
  }
  // Started as /proc/self/exe, it would be called "exe" in lists of processes.
  ::prctl(PR_SET_NAME, "runner-superv");
  const TurnPaths paths(turn_directory);
  const Fd signals = block_signals();
  if (!signals.valid()) {
    return complain("cannot make a signalfd");
  }
  RUNNER_POINT_ONLY(supervisor_start);
  auto takeover = take_over(paths, wall_clock());
  if (!takeover) {
    return complain(takeover.error().text());
  }
  if (!takeover->ours) {
    return 0;
  }
  const ExitFile exit = run_turn(paths, signals.get());
  if (auto written = write_exit(paths, exit); !written) {
    return complain(written.error().text());
  }
  return 0;
}

}  // namespace runner::process

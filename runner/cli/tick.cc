#include "runner/cli/tick.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "manifests/kill_switch.h"
#include "metrics/collect.h"
#include "metrics/textfile.h"
#include "runner/cli/errors.h"
#include "runner/cli/kill_switch.h"
#include "runner/cli/state.h"
#include "runner/cli/tick_print.h"
#include "runner/store/owner.h"
#include "runner/tick/engine.h"
#include "runner/wiring.h"

namespace runner::cli {

namespace {

jobs::Result<std::vector<jobs::TickJob>> parse_jobs(const std::vector<std::string>& names) {
  std::vector<jobs::TickJob> parsed;
  const std::vector<std::string> known = {"watch", "fix-forward", "poll", "janitor"};
  for (const std::string& name : names) {
    const auto job = jobs::parse_tick_job(name);
    if (!job) {
      const std::string near = jobs::did_you_mean(name, known);
      return jobs::fail(jobs::ErrorKind::usage,
                        fmt::format("unknown job \"{}\"", jobs::one_line(name)),
                        near.empty() ? fmt::format("known are {}", fmt::join(known, ", "))
                                     : "did you mean " + near + "?");
    }
    parsed.push_back(*job);
  }
  return parsed;
}

/// Shows lines as they happen. On a terminal a line of progress is replaced by the next one.
class Reporter {
 public:
  Reporter(const TickCommand& command, const Screen& screen) : command_(command), screen_(screen) {}
  ~Reporter() { clear(); }
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  void operator()(const TickLine& line) {
    if (command_.json || command_.dry_run) {
      if (command_.dry_run && !command_.json) {
        progress(line);
      }
      return;
    }
    const std::string now = jobs::format_time(present());
    if (!screen_.terminal) {
      if (line.level != TickLine::Level::progress) {
        put(line_json(line, now) + "\n");
        (void)flush_output();
      }
      return;
    }
    if (line.level == TickLine::Level::progress && line.event != "wait") {
      progress(line);
      return;
    }
    clear();
    put(line_text(screen_, line, now.substr(11, 8)) + "\n");
    (void)flush_output();
  }

  void clear() {
    if (std::exchange(shown_, false)) {
      put("\r\x1b[K");
    }
  }

 private:
  /// Only where somebody looks: standard output is a terminal, not merely treated as one.
  void progress(const TickLine& line) {
    if (!screen_.terminal || isatty(STDOUT_FILENO) == 0) {
      return;
    }
    clear();
    const std::string who = line.repo.empty() ? "" : jobs::one_line(line.repo, 60) + ": ";
    put(paint(screen_, Ink::dim,
              fit(who + jobs::one_line(line.text, 300) + " ...",
                  screen_.width > 1 ? screen_.width - 1 : 79)));
    (void)flush_output();
    shown_ = true;
  }

  const TickCommand& command_;
  Screen screen_;
  bool shown_ = false;
};

/// Set by the first INT, TERM or HUP; the second one ends the program at once.
volatile std::sig_atomic_t g_interrupted = 0;

void listen_for_signals() {
  struct sigaction action{};
  action.sa_handler = [](int) { g_interrupted = 1; };
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaction(signal, &action, nullptr);
  }
}

TickOptions options_of(std::vector<jobs::TickJob> wanted) {
  TickOptions options;
  options.jobs = std::move(wanted);
  options.owner = store::this_owner();
  options.host = options.owner.substr(0, options.owner.find(':'));
  options.version = RUNNER_VERSION;
  options.keep_lease = true;
  options.interrupted = [] { return g_interrupted != 0; };
  return options;
}

/// The metrics file shows the state as the tick leaves it. Failing to write it is a failure of the
/// tick, not of its work.
jobs::Status write_metrics(const jobs::Fleet& fleet, jobs::StoreReader& store,
                           const SwitchState& state) {
  if (fleet.metrics_textfile.empty()) {
    return jobs::ok();
  }
  RUNNER_POINT(metrics_before);
  RUNNER_ASSIGN(const std::vector<metrics::Family> families,
                metrics::collect(store, fleet, state.on(), present()));
  return metrics::write_textfile(fleet.metrics_textfile, metrics::to_text(families));
}

std::optional<std::string> switch_variable() {
  const char* value =
      std::getenv(std::string(manifests::kKillSwitchVariable)
                      .c_str());  // NOLINT(concurrency-mt-unsafe): start of the program
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

jobs::Result<TickReport> do_tick(const TickCommand& command, Reporter& reporter) {
  RUNNER_ASSIGN(std::vector<jobs::TickJob> wanted, parse_jobs(command.jobs));
  const Globals globals{
      .manifests_dir = command.manifests_dir, .json = command.json, .color = command.color};
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(globals));
  TickReport report;
  report.dry_run = command.dry_run;
  const TickOptions options = options_of(std::move(wanted));
  const Listener listener = [&](const TickLine& line) { reporter(line); };
  const Progress progress = [&](std::string_view text) {
    listener({.level = TickLine::Level::progress,
              .event = "git",
              .repo = {},
              .issue = 0,
              .run = {},
              .text = std::string(text)});
  };
  // The sources outside the state first: behind them not even the state is opened.
  const manifests::KillSwitch outside = manifests::kill_switch(
      {.manifests = fleet.kill_switch, .environment = switch_variable(), .pause = {}});
  if (outside.on && !RUNNER_PLANTED(kill_switch_late)) {
    report.kill_switch = true;
    for (const manifests::KillSwitchReason& reason : outside.reasons) {
      report.kill_switch_detail += (report.kill_switch_detail.empty() ? "" : "; ") + reason.text;
      if (reason.error) {
        report.exit_code = jobs::exit_code(jobs::ErrorKind::usage);
      }
    }
    return report;
  }
  if (command.dry_run && RUNNER_PLANTED(dry_run_writes)) {
    RUNNER_ASSIGN(const World world, make_world(fleet, progress));
    RUNNER_TRY(world.writers.store->acquire_lease(options.owner, present(), std::chrono::hours(1)));
  }
  if (command.dry_run) {
    RUNNER_ASSIGN(const ReadWorld world, make_read_world(fleet, progress));
    return dry_run_tick(world.ports, fleet, options, listener);
  }
  listen_for_signals();
  RUNNER_POINT(tick_before_state);
  RUNNER_ASSIGN(const World world, make_world(fleet, progress));
  RUNNER_POINT(tick_after_state);
  report = run_tick(world.readers, world.writers, fleet, options, listener);
  if (report.fatal || report.kill_switch || !report.held_by.empty()) {
    return report;
  }
  RUNNER_ASSIGN(const SwitchState state, kill_switch(fleet, *world.readers.store));
  if (jobs::Status written = write_metrics(fleet, *world.readers.store, state); !written) {
    report.problems.push_back(written.error().text());
    report.exit_code = 1;
    reporter({.level = TickLine::Level::warning,
              .event = "problem",
              .repo = {},
              .issue = 0,
              .run = {},
              .text = written.error().text()});
  }
  return report;
}

}  // namespace

int run_tick(const TickCommand& command) {
  const Globals globals{
      .manifests_dir = command.manifests_dir, .json = command.json, .color = command.color};
  const Screen screen = make_screen(command.color);
  Reporter reporter(command, screen);
  const jobs::Result<TickReport> report = do_tick(command, reporter);
  reporter.clear();
  if (!report) {
    return report_error(globals, report.error());
  }
  if (report->fatal) {
    return report_error(globals, *report->fatal);
  }
  if (command.json) {
    print_json(report_json(*report));
  } else if (command.dry_run) {
    put(plan_text(screen, *report));
  } else if (screen.terminal || report->kill_switch) {
    put(summary_text(*report));
  } else {
    const std::string summary = summary_text(*report);
    put(line_json({.level = TickLine::Level::info,
                   .event = "tick",
                   .repo = {},
                   .issue = 0,
                   .run = {},
                   .text = std::string(jobs::trimmed(summary)),
                   .tick = report->row.id.str()},
                  jobs::format_time(present())) +
        "\n");
  }
  return report->exit_code;
}

}  // namespace runner::cli

#include "runner/process/turn_loop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/process/files.h"
#include "runner/process/identity.h"
#include "runner/process/launch.h"
#include "runner/process/leftovers.h"
#include "runner/process/turn_clock.h"
#include "runner/wall_clock.h"

namespace runner::process {

namespace {

constexpr int kLookEvery = 200;   // ms: stop request, usage, reports, limits
constexpr int kBeatEvery = 1000;  // ms
constexpr int kDrainFor = 300;    // ms: for output of children that outlive the program
constexpr std::size_t kHeartbeatSize = 256;

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string signal_text(int number) {
  const char* name = ::sigabbrev_np(number);
  return name == nullptr ? std::to_string(number) : fmt::format("SIG{}", name);
}

}  // namespace

TurnLoop::TurnLoop(const jobs::TurnSpec& spec, const TurnView& view, const TurnPaths& paths,
                   const Lookup& lookup)
    : spec_(spec),
      paths_(paths),
      env_(agent_environment(spec, paths, lookup)),
      needs_{.bubblewrap = find_bubblewrap(lookup), .declared = spec.writable, .git = view},
      log_(paths, spec.output_bytes, make_redactor(spec, lookup)),
      agent_files_(paths, spec.usage_file),
      stream_(agents::make_stream_reader(spec.agent_kind,
                                         {.price = spec.price, .session_used = spec.session_used})),
      heartbeat_(
          ::open(paths.heartbeat.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {}

ExitFile TurnLoop::run(int signals) {
  if (auto refused = start()) {
    return *refused;
  }
  std::optional<ProgramEnd> end;
  while (true) {
    wait(signals);
    read_output(16);
    end = container_->poll();
    if (end) {
      break;
    }
    if (awake() >= next_look_) {
      next_look_ = awake() + kLookEvery;
      look_for_stop_request();
      look_at_agent_files();
      check_limits();
      beat(false);
    }
    if (stopping_ && awake() >= kill_at_) {
      container_->kill_all();
      end = container_->poll();
      break;
    }
  }
  RUNNER_POINT_ONLY(agent_ended);
  // What it wrote last is in the pipe; what its children still write is waited for only briefly.
  for (const auto until = awake() + kDrainFor;
       (output_.valid() || errors_.valid()) && awake() < until;) {
    pollfd waiting[] = {{output_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}};
    ::poll(waiting, 2, 20);
    read_output(64);
  }
  container_->kill_all();
  read_output(64);
  look_at_agent_files();
  look_at_what_is_left();
  return finish(
      end.value_or(ProgramEnd{.exited = false, .code = 0, .signal = SIGKILL, .note = {}}));
}

std::optional<ExitFile> TurnLoop::start() {
  beat(true);
  if (exists(paths_.stop)) {
    look_for_stop_request();
    return finish({.exited = true, .code = 0, .signal = 0, .note = {}});
  }
  if (!is_directory(spec_.cwd)) {
    return not_started(fmt::format("the worktree is not there: {}", spec_.cwd));
  }
  auto program = find_program(spec_.argv.front(), env_["PATH"], spec_.cwd);
  if (!program) {
    return not_started(program.error().message);
  }
  const auto pipe_from = [](Fd& read_end, Fd& write_end) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      return false;
    }
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
    ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
    return true;
  };
  Fd write_end;
  Fd write_errors;
  // What a stream's program says on stderr must not tear its events.
  if (!pipe_from(output_, write_end) || (stream_ && !pipe_from(errors_, write_errors))) {
    return not_started(system_error(errno, "make", "a pipe").message);
  }

  const Launch what{.program = *program,
                    .argv = spec_.argv,
                    .env = env_,
                    .cwd = spec_.cwd,
                    .input = stream_ ? paths_.agent + "/prompt.md" : std::string(),
                    .output = write_end.get(),
                    .errors = write_errors.get(),
                    .memory_bytes = spec_.memory_bytes,
                    .processes = spec_.processes,
                    .file_bytes = spec_.file_bytes,
                    .network = spec_.network,
                    .marker = paths_.marker};
  RUNNER_POINT_ONLY(agent_before_start);
  auto container = start_contained(what, spec_.containment, needs_, paths_);
  if (!container) {
    return not_started(container.error().text());
  }
  container_ = std::move(*container);
  RUNNER_POINT_ONLY(agent_started);
  started_ = elapsed();
  last_sign_ = awake();
  log_.event("started", fmt::format("{} in a {}", *program, container_->name()), wall_clock());
  if (!container_->lacks().empty()) {
    log_.event("containment", fmt::format("without {}", container_->lacks()), wall_clock());
  }
  // Only an agent's turn has a prompt; what a test command reads is its own affair.
  if (const auto settings = agent_settings(spec_.cwd); !settings.empty() && exists(paths_.prompt)) {
    log_.event(
        "settings",
        fmt::format("the repository brings settings for agents: {}", fmt::join(settings, ", ")),
        wall_clock());
  }
  beat(true);
  return std::nullopt;
}

ExitFile TurnLoop::not_started(const std::string& why) {
  const std::string detail = jobs::one_line(why, 500);
  log_.event("ended", "not started: " + detail, wall_clock());
  beat(true);
  return {.exit = {.end = jobs::TurnEnd::not_started,
                   .exit_code = 0,
                   .signal = 0,
                   .detail = detail,
                   .at = wall_clock()},
          .last = heartbeat()};
}

// Before anybody reads a file of the worktree: by now no process is left that could change it.
void TurnLoop::look_at_what_is_left() {
  if (const auto alive = census(paths_.marker).size(); alive > 0) {
    log_.event("census", fmt::format("{} processes could not be ended", alive), wall_clock());
  }
  if (const std::string text = to_text(strip_worktree(spec_.cwd)); !text.empty()) {
    log_.event("worktree", text, wall_clock());
  }
}

void TurnLoop::wait(int signals) {
  pollfd waiting[] = {{signals, POLLIN, 0},
                      {container_->wake_fd(), POLLIN, 0},
                      {output_.get(), POLLIN, 0},
                      {errors_.get(), POLLIN, 0}};
  const auto timeout = std::clamp<std::int64_t>(next_look_ - awake(), 0, kLookEvery);
  ::poll(waiting, 4, static_cast<int>(timeout));
  signalfd_siginfo info{};
  while (::read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo != SIGCHLD) {
      request_stop(jobs::TurnEnd::stopped,
                   fmt::format("stopped: the supervisor got {}",
                               signal_text(static_cast<int>(info.ssi_signo))));
    }
  }
}

void TurnLoop::read_output(int most_reads) {
  read_from(output_, /*errors=*/false, most_reads);
  read_from(errors_, /*errors=*/true, most_reads);
}

void TurnLoop::read_from(Fd& from, bool errors, int most_reads) {
  char buffer[64 << 10];
  for (int reads = 0; reads < most_reads && from.valid(); ++reads) {
    const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
    if (got == 0) {
      from.reset();
    }
    if (got <= 0) {
      return;
    }
    const std::string_view bytes(buffer, static_cast<std::size_t>(got));
    log_.output(bytes, wall_clock(), errors);
    heard_ = true;
    last_sign_ = awake();
    if (stream_ && errors) {
      stream_->feed_errors(bytes);
    } else if (stream_) {
      take(stream_->feed(bytes, wall_clock()));
    }
  }
}

void TurnLoop::look_for_stop_request() {
  if (!stopping_ && exists(paths_.stop)) {
    const auto why = read_small(paths_.stop, 4096);
    request_stop(jobs::TurnEnd::stopped,
                 why && !why->empty() ? "stopped: " + jobs::one_line(*why, 300) : "stopped");
  }
}

void TurnLoop::check_limits() {
  const auto over = [](jobs::Duration limit, std::int64_t since) {
    return limit.count() > 0 && since >= limit.count();
  };
  const auto& reserved = spec_.reserved;
  if (over(spec_.deadline, elapsed() - started_) && !RUNNER_PLANTED(deadline_not_enforced)) {
    request_stop(jobs::TurnEnd::deadline, fmt::format("stopped: its deadline of {} is over",
                                                      jobs::format_duration(spec_.deadline)));
  } else if ((reserved.usd.micros > 0 && usage_.usd >= reserved.usd) ||
             (reserved.tokens > 0 && usage_.tokens >= reserved.tokens)) {
    request_stop(
        jobs::TurnEnd::over_budget,
        fmt::format("stopped: it used {} USD and {} tokens; {} USD and {} tokens were reserved",
                    usage_.usd.str(), usage_.tokens, reserved.usd.str(), reserved.tokens));
  } else if (final_at_ && over(spec_.after_result, awake() - *final_at_)) {
    request_stop(jobs::TurnEnd::lingered,
                 fmt::format("stopped: it did not end within {} after its final word",
                             jobs::format_duration(spec_.after_result)));
  } else if (!heard_ && over(spec_.first_byte, awake() - last_sign_)) {
    request_stop(jobs::TurnEnd::first_byte, fmt::format("stopped: nothing came within {}",
                                                        jobs::format_duration(spec_.first_byte)));
  } else if (over(spec_.silence, awake() - last_sign_)) {
    request_stop(jobs::TurnEnd::silent,
                 fmt::format("stopped: silent for {}", jobs::format_duration(spec_.silence)));
  }
}

void TurnLoop::request_stop(jobs::TurnEnd why, std::string detail) {
  if (stopping_) {
    return;
  }
  stopping_ = why;
  stop_detail_ = std::move(detail);
  kill_at_ = awake() + std::max<std::int64_t>(0, spec_.grace.count());
  log_.event("stopping", stop_detail_, wall_clock());
  if (container_) {
    container_->terminate();
  }
}

Heartbeat TurnLoop::heartbeat() const {
  return {.at = wall_clock(),
          .output_bytes = log_.output_bytes(),
          .last_output_at = log_.last_output_at(),
          .containment = container_ ? std::string(container_->name()) : std::string()};
}

void TurnLoop::beat(bool force) {
  if (!force && awake() < next_beat_) {
    return;
  }
  RUNNER_POINT_ONLY(heartbeat_before);
  next_beat_ = awake() + kBeatEvery;
  // Always the same size and in place: needs no space on a full disk, and moves the time of change.
  std::string content = to_json(heartbeat());
  content.resize(std::max(content.size(), kHeartbeatSize), ' ');
  [[maybe_unused]] const auto put = ::pwrite(heartbeat_.get(), content.data(), content.size(), 0);
}

ExitFile TurnLoop::finish(const ProgramEnd& end) {
  log_.finish_output(wall_clock());
  jobs::TurnExit exit{.end = jobs::TurnEnd::exited,
                      .exit_code = end.code,
                      .signal = end.signal,
                      .detail = {},
                      .at = wall_clock()};
  if (stopping_) {
    exit.end = *stopping_;
    exit.detail = stop_detail_;
  } else if (end.exited) {
    exit.detail = fmt::format("exit code {}", end.code);
  } else {
    exit.end = jobs::TurnEnd::signalled;
    exit.detail = fmt::format("killed by {}{}{}", signal_text(end.signal),
                              end.note.empty() ? "" : ": ", end.note);
  }
  read_agent_end(exit);
  log_.event("ended", fmt::format("{}: {}", jobs::to_string(exit.end), exit.detail), wall_clock());
  beat(true);
  return {.exit = exit, .last = heartbeat()};
}

}  // namespace runner::process

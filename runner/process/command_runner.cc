#include "runner/process/command_runner.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"
#include "runner/process/identity.h"
#include "runner/process/launch.h"
#include "runner/process/redactor.h"

namespace runner::process {

using jobs::ErrorKind;
using jobs::Result;

namespace {

constexpr std::size_t kTailBytes = 8U << 10;
constexpr std::size_t kTailLines = 200;
constexpr int kLookEvery = 500;  // ms, only where there is no pidfd to wait for
constexpr int kDrainFor = 200;   // ms

std::int64_t elapsed() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// Keeps the end of an endless stream.
class Tail {
 public:
  void add(std::string_view bytes) {
    kept_ += bytes;
    if (kept_.size() > 8 * kTailBytes) {
      kept_.erase(0, kept_.size() - 2 * kTailBytes);
    }
  }
  std::string text() const { return jobs::tail(kept_, kTailLines, kTailBytes); }

 private:
  std::string kept_;
};

class Command {
 public:
  Command(Fd output, pid_t pid, std::string marker, Redactor redactor)
      : output_(std::move(output)),
        pid_(pid),
        marker_(std::move(marker)),
        redactor_(std::move(redactor)),
        ended_fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() { kill_all(); }

  /// True if it ended before `until`.
  bool wait_until(std::int64_t until) {
    while (!status_) {
      const auto left = until - elapsed();
      if (left <= 0) {
        return false;
      }
      wait(static_cast<int>(std::min<std::int64_t>(left, ended_fd_.valid() ? 60'000 : kLookEvery)));
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        status_ = status;
      }
    }
    return true;
  }

  void terminate() const {
    if (!status_) {
      ::kill(-pid_, SIGTERM);
    }
  }

  void kill_all() {
    if (!status_) {
      ::kill(-pid_, SIGKILL);
      int status = 0;
      while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
      }
      status_ = status;
    }
    // What left the group is found by its environment; it is not our child, so there is nothing to
    // reap.
    kill_until_gone([this] { return census(marker_); }, [] {});
  }

  std::string drain() {
    for (const auto until = elapsed() + kDrainFor; output_.valid() && elapsed() < until;) {
      wait(20);
    }
    tail_.add(redactor_.finish());
    return tail_.text();
  }

  int exit_code() const {
    return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : 128 + WTERMSIG(*status_);
  }

 private:
  void wait(int timeout) {
    pollfd waiting[] = {{output_.get(), POLLIN, 0}, {status_ ? -1 : ended_fd_.get(), POLLIN, 0}};
    ::poll(waiting, 2, timeout);
    char buffer[64 << 10];
    for (int reads = 0; reads < 16 && output_.valid(); ++reads) {
      const ssize_t got = ::read(output_.get(), buffer, sizeof buffer);
      if (got == 0) {
        output_.reset();
      }
      if (got <= 0) {
        return;
      }
      tail_.add(redactor_.feed(std::string_view(buffer, static_cast<std::size_t>(got))));
    }
  }

  Fd output_;
  pid_t pid_;
  std::string marker_;
  Redactor redactor_;
  Fd ended_fd_;
  std::optional<int> status_;
  Tail tail_;
};

class ProcessCommandRunner final : public jobs::CommandRunner {
 public:
  explicit ProcessCommandRunner(CommandRunnerOptions options) : options_(std::move(options)) {}

  Result<Outcome> run(const std::vector<std::string>& argv, const std::string& cwd,
                      const std::map<std::string, std::string>& env,
                      jobs::Duration deadline) override {
    if (argv.empty()) {
      return jobs::fail(ErrorKind::usage, "the command is empty");
    }
    auto result = run_checked(argv, cwd, env, deadline);
    return std::move(result).while_doing(
        fmt::format("running {} in {}", jobs::one_line(argv.front()), cwd));
  }

 private:
  Result<Outcome> run_checked(const std::vector<std::string>& argv, const std::string& cwd,
                              const std::map<std::string, std::string>& given,
                              jobs::Duration deadline) const {
    static std::atomic<unsigned> counter{0};
    auto env = given;
    env.try_emplace("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    env.try_emplace("HOME", options_.home.empty() ? cwd : options_.home);
    env.try_emplace("LANG", "C.UTF-8");
    const std::string id =
        fmt::format("{}.{}.{}", ::getpid(), stat_of(::getpid()).start_time, counter.fetch_add(1));
    env["RUNNER_COMMAND"] = id;

    Launch what{.program = {},
                .argv = argv,
                .env = env,
                .cwd = cwd,
                .output = -1,
                .memory_bytes = 0,
                .processes = 0,
                .marker = "RUNNER_COMMAND=" + id};
    RUNNER_ASSIGN(what.program, find_program(argv.front(), env["PATH"], cwd));
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      return system_error(errno, "make", "a pipe");
    }
    Fd read_end(ends[0]);
    Fd write_end(ends[1]);
    ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
    what.output = write_end.get();
    RUNNER_ASSIGN(const pid_t pid, launch(what));
    write_end.reset();

    Redactor redactor;
    for (const auto& [name, value] : given) {
      if (looks_secret(name)) {
        redactor.add_secret(value);
      }
    }
    const auto began = elapsed();
    Command command(std::move(read_end), pid, what.marker, std::move(redactor));
    if (command.wait_until(began + deadline.count())) {
      std::string output = command.drain();
      command.kill_all();
      return Outcome{.exit_code = command.exit_code(),
                     .output_tail = std::move(output),
                     .took = jobs::Duration(elapsed() - began)};
    }
    command.terminate();
    [[maybe_unused]] const bool ended = command.wait_until(elapsed() + options_.grace.count());
    command.kill_all();
    return jobs::fail(
        ErrorKind::transient,
        fmt::format("stopped: its deadline of {} is over; it last said: {}",
                    jobs::format_duration(deadline), jobs::one_line(command.drain(), 1000)));
  }

  CommandRunnerOptions options_;
};

}  // namespace

std::unique_ptr<jobs::CommandRunner> make_command_runner(CommandRunnerOptions options) {
  return std::make_unique<ProcessCommandRunner>(std::move(options));
}

}  // namespace runner::process

#include "runner/executors/filter_programs.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"
#include "runner/process/launch.h"
#include "runner/process/turn_clock.h"

namespace runner::executors {

namespace {

using jobs::ErrorKind;
using jobs::Status;
using process::Fd;

constexpr std::size_t kSaidBytes = 400;

/// The end of what was written to an opened file.
std::string tail_of(int file) {
  const off_t size = ::lseek(file, 0, SEEK_END);
  std::string text(kSaidBytes, '\0');
  const ssize_t got = ::pread(file, text.data(), text.size(),
                              std::max<off_t>(0, size - static_cast<off_t>(kSaidBytes)));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return jobs::one_line(jobs::trimmed(text), kSaidBytes);
}

/// True when the process has ended within the deadline.
bool ends_in_time(pid_t pid, jobs::Duration deadline) {
  const Fd watch(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const std::int64_t until = process::elapsed() + deadline.count();
  while (watch.valid()) {
    const std::int64_t left = std::max<std::int64_t>(0, until - process::elapsed());
    pollfd waiting{.fd = watch.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) {
      return true;
    }
    if ((ready < 0 && errno != EINTR) || left == 0) {
      return false;
    }
  }
  return false;
}

class FilterPrograms final : public jobs::FilterRunner {
 public:
  explicit FilterPrograms(FilterProgramsOptions options) : options_(std::move(options)) {}

  Status run(const Filter& filter) override {
    if (filter.argv.empty()) {
      return jobs::fail(ErrorKind::usage, "the filter names no program");
    }
    return run_program(filter).while_doing(
        fmt::format("running {}", jobs::one_line(filter.argv.front())));
  }

 private:
  Status run_program(const Filter& filter) {
    std::error_code error;
    if (std::filesystem::create_directories(options_.home, error); error) {
      return process::system_error(error.value(), "make the folder", options_.home);
    }
    const Fd said(::memfd_create("filter", MFD_CLOEXEC));
    if (!said.valid()) {
      return process::system_error(errno, "make", "a file in memory");
    }
    RUNNER_ASSIGN(const process::Launch launch, launch_of(filter, said.get()));
    RUNNER_ASSIGN(const pid_t pid, process::launch(launch));
    const bool in_time = ends_in_time(pid, filter.deadline);
    ::kill(-pid, SIGKILL);  // its session, before its number can be another's
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!in_time) {
      return failed(fmt::format("it did not end within {}", jobs::format_duration(filter.deadline)),
                    said.get());
    }
    if (WIFSIGNALED(status)) {
      return failed(fmt::format("it died by signal {}", WTERMSIG(status)), said.get());
    }
    if (WEXITSTATUS(status) != 0) {
      return failed(fmt::format("it exited {}", WEXITSTATUS(status)), said.get());
    }
    return jobs::ok();
  }

  [[nodiscard]] jobs::Result<process::Launch> launch_of(const Filter& filter, int said) const {
    process::Launch launch;
    launch.env = filter.env;
    launch.env.try_emplace("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    launch.env.try_emplace("HOME", options_.home);
    launch.env.try_emplace("LANG", "C.UTF-8");
    RUNNER_ASSIGN(launch.program,
                  process::find_program(filter.argv.front(), launch.env.at("PATH"), options_.home));
    launch.argv = filter.argv;
    launch.cwd = filter.cwd;
    launch.input = filter.input;
    launch.output = filter.output;
    launch.errors = said;
    launch.memory_bytes = options_.limits.turn_memory_bytes;
    launch.processes = options_.limits.turn_processes;
    launch.file_bytes = options_.limits.turn_file_bytes;
    return launch;
  }

  static Status failed(std::string what, int said) {
    const std::string words = tail_of(said);
    return jobs::fail(ErrorKind::transient,
                      words.empty() ? std::move(what) : fmt::format("{}: {}", what, words),
                      "try it by hand with the content of the committed file as its input");
  }

  FilterProgramsOptions options_;
};

}  // namespace

std::unique_ptr<jobs::FilterRunner> make_filter_programs(FilterProgramsOptions options) {
  return std::make_unique<FilterPrograms>(std::move(options));
}

}  // namespace runner::executors

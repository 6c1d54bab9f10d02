#include "runner/process/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <system_error>

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/error.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"
#include "runner/process/identity.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace runner::process {

namespace bp = boost::process;
using jobs::ErrorKind;
using jobs::Result;

namespace {

bool is_executable_file(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

// Runs between fork and exec: async-signal-safe calls only. Returns errno of what failed, 0 if all
// is well.
int prepare_child(const Launch& what, rlim_t mark, int input, pid_t parent) {
  if (::setsid() < 0 || ::dup2(input, STDIN_FILENO) < 0 || ::dup2(what.output, STDOUT_FILENO) < 0 ||
      ::dup2(what.errors >= 0 ? what.errors : what.output, STDERR_FILENO) < 0) {
    return errno;
  }
  if (what.cgroup >= 0 && ::write(what.cgroup, "0", 1) != 1) {
    return errno;
  }
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
    return errno;
  }
  if (::getppid() != parent) {
    return ESRCH;  // it died before the line above; nobody would ever end us
  }
  for (int number = 1; number < NSIG; ++number) {
    ::signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);

  const auto limit = [](auto resource, rlim_t most) {
    const rlimit value{most, most};
    return ::setrlimit(resource, &value) == 0;
  };
  if (!limit(RLIMIT_CORE, 0) ||
      (what.memory_bytes > 0 && !limit(RLIMIT_AS, static_cast<rlim_t>(what.memory_bytes))) ||
      (what.file_bytes > 0 && !limit(RLIMIT_FSIZE, static_cast<rlim_t>(what.file_bytes))) ||
      (what.processes > 0 && !limit(RLIMIT_NPROC, static_cast<rlim_t>(what.processes)))) {
    return errno;
  }
  if (mark != 0) {
    // Refused where it was lowered before; the environment then has to do.
    [[maybe_unused]] const bool marked = limit(RLIMIT_RSS, mark);
  }
  if (::chdir(what.cwd.c_str()) != 0) {
    return errno;
  }
  RUNNER_POINT_ONLY(agent_before_exec);
  // Not closed but marked: Boost.Process still needs its pipe to report a failing exec.
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    for (int fd = 3; fd < 4096; ++fd) {
      ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
  }
  return 0;
}

}  // namespace

Result<std::string> find_program(const std::string& name, const std::string& path,
                                 const std::string& cwd) {
  if (name.empty()) {
    return jobs::fail(ErrorKind::not_found, "no program is named: the command is empty");
  }
  if (name.find('/') != std::string::npos) {
    const std::string full = name.front() == '/' ? name : cwd + "/" + name;
    if (!exists(full)) {
      return jobs::fail(ErrorKind::not_found, fmt::format("program not found: {}", full));
    }
    if (!is_executable_file(full)) {
      return jobs::fail(ErrorKind::denied, fmt::format("not an executable file: {}", full));
    }
    return full;
  }
  std::string refused;
  for (std::size_t at = 0; at <= path.size();) {
    auto end = path.find(':', at);
    end = end == std::string::npos ? path.size() : end;
    const std::string folder = path.substr(at, end - at);
    at = end + 1;
    if (folder.empty() || folder.front() != '/') {
      continue;  // a relative entry would let the worktree decide what is run
    }
    const std::string full = folder + "/" + name;
    if (is_executable_file(full)) {
      return full;
    }
    if (refused.empty() && exists(full)) {
      refused = full;
    }
  }
  if (!refused.empty()) {
    return jobs::fail(ErrorKind::denied, fmt::format("not an executable file: {}", refused));
  }
  return jobs::fail(ErrorKind::not_found,
                    fmt::format("program not found: {} (looked in PATH={})", name, path));
}

Result<pid_t> launch(const Launch& what) {
  const std::string input = what.input.empty() ? "/dev/null" : what.input;
  const Fd stdin_file(::open(input.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!stdin_file.valid()) {
    return system_error(errno, "open", input);
  }
  const pid_t parent = ::getpid();
  const rlim_t mark = what.marker.empty() ? 0 : limit_of(what.marker);
  try {
    bp::environment environment;
    for (const auto& [name, value] : what.env) {
      environment[name] = value;
    }
    const std::vector<std::string> arguments(
        what.argv.empty() ? what.argv.end() : what.argv.begin() + 1, what.argv.end());
    std::error_code error;
    bp::child child(
        bp::exe = what.program, bp::args = arguments, environment,
        bp::extend::on_exec_setup =
            [&](auto& executor) {
              if (const int failed = prepare_child(what, mark, stdin_file.get(), parent);
                  failed != 0) {
                executor.set_error(std::error_code(failed, std::system_category()), "set-up");
                ::_exit(126);
              }
            },
        bp::extend::on_error =
            [](auto& executor, const std::error_code&) {
              if (executor.pid > 0) {
                ::waitpid(executor.pid, nullptr, 0);
              }
            },
        error);
    if (error) {
      return system_error(error.value(), "start", what.program);
    }
    const pid_t pid = child.id();
    child.detach();  // waiting is done through the pid, where a signal or a pidfd says so
    return pid;
  } catch (const std::exception& exception) {
    return jobs::fail(ErrorKind::transient,
                      fmt::format("cannot start {}: {}", what.program, exception.what()));
  }
}

}  // namespace runner::process

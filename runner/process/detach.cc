#include "runner/process/detach.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"

namespace runner::process {

namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

// Everything from here to exec is async-signal-safe, because other threads may hold locks that we
// have copied.
[[noreturn]] void become(const char* program, char* const* argv, char* const* env, int null,
                         int log, int report) {
  const auto give_up = [&] {
    const int error_number = errno;
    [[maybe_unused]] const auto put = ::write(3, &error_number, sizeof error_number);
    ::_exit(1);
  };
  // Moved above what is overwritten first, so that no order of numbers can hurt.
  const int base = 100;
  null = ::fcntl(null, F_DUPFD_CLOEXEC, base);
  log = ::fcntl(log, F_DUPFD_CLOEXEC, base);
  report = ::fcntl(report, F_DUPFD_CLOEXEC, base);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::dup2(report, 3);
  ::fcntl(3, F_SETFD, FD_CLOEXEC);
  ::syscall(SYS_close_range, 4U, ~0U, 0U);

  for (int number = 1; number < NSIG; ++number) {
    ::signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::setsid() < 0 || ::chdir("/") != 0) {
    give_up();
  }
  const pid_t pid = ::fork();
  if (pid < 0) {
    give_up();
  }
  if (pid > 0) {
    ::_exit(0);
  }
  ::setpgid(0, 0);
  RUNNER_POINT_ONLY(detach_before_exec);
  ::execve(program, argv, env);
  give_up();
  ::_exit(1);
}

}  // namespace

jobs::Status start_detached(const Detached& what) {
  auto argument_texts = what.argv;
  std::vector<std::string> variable_texts;
  for (const auto& [name, value] : what.env) {
    variable_texts.push_back(name + "=" + value);
  }
  for (char** entry = ::environ; RUNNER_PLANTED(environment_not_scrubbed) && *entry != nullptr;
       ++entry) {
    variable_texts.emplace_back(*entry);
  }
  const auto argv = pointers(argument_texts);
  const auto env = pointers(variable_texts);

  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd log(
      ::open(what.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  int ends[2] = {-1, -1};
  if (!null.valid() || !log.valid() || ::pipe2(ends, O_CLOEXEC) != 0) {
    return system_error(errno, "open", what.log);
  }
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);

  RUNNER_POINT(detach_before_fork);
  const pid_t pid = ::fork();
  if (pid < 0) {
    return system_error(errno, "fork for", what.program);
  }
  if (pid == 0) {
    become(what.program.c_str(), argv.data(), env.data(), null.get(), log.get(), write_end.get());
  }
  write_end.reset();
  int error_number = 0;
  ssize_t got = -1;
  while ((got = ::read(read_end.get(), &error_number, sizeof error_number)) < 0 && errno == EINTR) {
  }
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (got == static_cast<ssize_t>(sizeof error_number)) {
    return system_error(error_number, "start", what.program);
  }
  RUNNER_POINT(detach_after_fork);
  return jobs::ok();
}

}  // namespace runner::process

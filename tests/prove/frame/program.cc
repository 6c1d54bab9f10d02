#include "tests/prove/frame/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/signals.h"
#include "tests/support/spawn.h"

namespace prove {

namespace {

/// Only what is safe between fork and exec.
[[noreturn]] void become(const Program& program, char** argv, char** environment) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(program.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (program.descriptors > 0) {
    const rlimit limit{static_cast<rlim_t>(program.descriptors),
                       static_cast<rlim_t>(program.descriptors)};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (in >= 0 && out >= 0 && ::dup2(in, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 &&
      ::dup2(out, STDERR_FILENO) >= 0 && ::chdir(program.folder.c_str()) == 0) {
    ::close_range(3, ~0U, 0);
    ::execve(argv[0], argv, environment);
  }
  ::_exit(126);
}

}  // namespace

Ended run_program(const Program& program) {
  const std::vector<char*> argv = test_support::exec_pointers(program.argv);
  const std::vector<char*> environment = test_support::exec_pointers(program.environment);
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    become(program, const_cast<char**>(argv.data()), const_cast<char**>(environment.data()));
  }
  Ended ended;
  if (child < 0) {
    return ended;
  }
  int status = 0;
  rusage usage{};
  auto pause = std::chrono::milliseconds(2);
  while (::wait4(child, &status, WNOHANG, &usage) == 0) {
    if (!ended.too_late && std::chrono::steady_clock::now() - begin > program.deadline) {
      ended.too_late = true;
      (void)test_support::send_signal_to_group(child, SIGKILL);
      (void)test_support::send_signal(child, SIGKILL);
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(50));
  }
  ended.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ended.peak_kib = usage.ru_maxrss;
  return ended;
}

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::vector<std::string> all = changes;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string variable = *entry;
    const std::string name = variable.substr(0, variable.find('=') + 1);
    bool changed = false;
    for (const std::string& change : changes) {
      changed = changed || change.starts_with(name);
    }
    if (!changed) {
      all.push_back(variable);
    }
  }
  return all;
}

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace prove

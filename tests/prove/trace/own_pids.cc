#include "tests/prove/trace/own_pids.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace prove::trace {

namespace {

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Waits for one child, and for whatever else has no parent any more.
int wait_for(pid_t child) {
  int status = 0;
  while (true) {
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended == child) {
      return code_of(status);
    }
    if (ended < 0 && errno != EINTR) {
      return 2;
    }
  }
}

/// The first process of the new pids: when it ends, the kernel kills all others.
[[noreturn]] void be_the_first(const std::function<int()>& harness) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    std::perror("no /proc of my own");
    ::_exit(2);
  }
  const pid_t child = ::fork();
  if (child == 0) {
    std::exit(harness());  // NOLINT(concurrency-mt-unsafe): the only thread by now
  }
  ::_exit(child < 0 ? 2 : wait_for(child));
}

}  // namespace

int among_own_pids(const std::function<int()>& harness) {
  if (::unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) {
    return harness();
  }
  const pid_t first = ::fork();
  if (first == 0) {
    be_the_first(harness);
  }
  return first < 0 ? 2 : wait_for(first);
}

}  // namespace prove::trace

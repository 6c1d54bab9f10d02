#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"
#include "tests/support/signals.h"

/// Children that are made to outlive the agent, each hard to end in its own way (`leak SHAPE`).
/// Every one ends by itself after two minutes, but for those that a signal cannot reach.
namespace fake_agent {

namespace {

constexpr int kChildLives = 120;  // seconds

/// Runs `life` in a child; the agent goes on once the child says that it is what it wants to be.
template <typename Life>
void leave(const std::string& shape, const Life& life) {
  int ready[2] = {-1, -1};
  if (::pipe2(ready, O_CLOEXEC) != 0) {
    die("no pipe");
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ready[0]);
    ::alarm(kChildLives);
    life(ready[1]);
    ::_exit(0);
  }
  ::close(ready[1]);
  char byte = 0;
  if (pid < 0 || ::read(ready[0], &byte, 1) < 0) {
    die("cannot leave " + shape);
  }
  ::close(ready[0]);
}

[[noreturn]] void settle(const std::string& shape, int ready) {
  log_child(shape);
  ::close(ready);
  for_ever();
}

void own_session(int ready) {
  ::setsid();
  settle("session", ready);
}

void double_fork(int ready) {
  ::setsid();
  if (::fork() == 0) {
    ::setsid();
    ::alarm(kChildLives);
    settle("double-fork", ready);
  }
}

void ignore_everything(int ready) {
  for (int number = 1; number < NSIG; ++number) {
    if (number != SIGALRM) {
      ::signal(number, SIG_IGN);
    }
  }
  settle("ignores", ready);
}

void hold_the_pipe(int ready) {
  ::setsid();
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGTERM, SIG_IGN);
  log_child("pipe");
  ::close(ready);
  while (true) {
    [[maybe_unused]] const auto put = ::write(STDOUT_FILENO, "still here\n", 11);
    sleep_ms(20);
  }
}

void stop_itself(int ready) {
  ::setsid();  // or the kernel would end it when the agent, the last one to continue it, is gone
  log_child("stopped");
  ::close(ready);
  ::raise(SIGSTOP);
  for_ever();
}

/// A new process each moment, the old one gone: who looks at a list of pids is always late. Each is
/// a session of its own, so that no group holds two of them. Nobody who reads /proc can be sure of
/// having seen it, so it counts itself in its turn's folder.
void fork_endlessly(int ready) {
  log_child("rabbit");
  ::signal(SIGCHLD, SIG_IGN);
  const std::string path =
      fmt::format("{}/agent.log.rabbit.{}", variable("RUNNER_TURN_DIR"), variable("RUNNER_RUN"));
  const int trace = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  ::close(ready);
  const auto until = ::time(nullptr) + kChildLives;
  const std::string log_path = variable("FAKE_AGENT_LOG");
  // Once the log is gone the test is over.
  for (std::uint64_t count = 1; ::time(nullptr) < until && ::access(log_path.c_str(), F_OK) == 0;
       ++count) {
    [[maybe_unused]] const auto put = ::pwrite(trace, &count, sizeof count, 0);
    const pid_t pid = ::fork();
    if (pid > 0) {
      ::_exit(0);
    }
    if (pid == 0) {
      ::setsid();
    }
  }
}

/// Its ancestors die under it until init is its parent, or whoever stands for init.
void reparent(int ready) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (::fork() == 0) {
    ::setsid();
    if (::fork() == 0) {
      ::setsid();
      ::alarm(kChildLives);
      sleep_ms(5);
      settle("orphan", ready);
    }
  } else {
    sleep_ms(2);
  }
}

/// What is inside a new namespace is killed with its init, but only if somebody finds that one.
void enter_namespace(const char* shape, int flags, int ready) {
  if (::unshare(flags) != 0 && ::unshare(flags | CLONE_NEWUSER) != 0) {
    log(fmt::format("refused {}", shape));
    return;
  }
  if (::fork() == 0) {
    ::setsid();
    ::alarm(kChildLives);
    if (::fork() == 0) {
      ::alarm(kChildLives);
      settle(shape, ready);
    }
    log_child(shape);
    ::close(ready);
    // As init of the namespace it has to stay, or the other one dies.
    for_ever();
  }
}

/// Nothing of a turn stands in its environment, its argv or its descriptors any more.
void become_unmarked(const char* shape, int ready) {
  ::setsid();
  if (::fork() != 0) {
    return;
  }
  ::setsid();
  log_child(shape);
  char self[PATH_MAX] = {};
  [[maybe_unused]] const auto got = ::readlink("/proc/self/exe", self, sizeof self - 1);
  const int fd = ::open(variable("FAKE_AGENT_LOG").c_str(), O_RDONLY);
  if (fd != 3) {
    // The agent may have been told through descriptor 3 that all is well: that one is in the way.
    ::dup2(ready, 100);
    ::fcntl(100, F_SETFD, FD_CLOEXEC);
    ::dup2(fd, 3);
  }
  ::fcntl(3, F_SETFD, 0);
  char name[] = "[kworker/0:1]";
  char* argv[] = {name, nullptr};
  char* nothing[] = {nullptr};
  ::execve(self, argv, nothing);
}

/// Sheds every mark that may be shed, the one in the limits too.
void hide(int ready) {
  rlimit limit{};
  ::getrlimit(RLIMIT_RSS, &limit);
  limit = {1U << 30, 1U << 30};
  ::setrlimit(RLIMIT_RSS, &limit);
  become_unmarked("hidden", ready);
}

/// A process that another one holds in a trace stop; both have left.
void trace_each_other(int ready) {
  ::setsid();
  const pid_t held = ::fork();
  if (held == 0) {
    ::setsid();
    ::alarm(kChildLives);
    log_child("traced");
    ::close(ready);
    for_ever();
  }
  sleep_ms(20);
  if (::ptrace(PTRACE_SEIZE, held, nullptr, nullptr) == 0) {
    ::ptrace(PTRACE_INTERRUPT, held, nullptr, nullptr);
    ::waitpid(held, nullptr, __WALL);
  } else {
    (void)test_support::send_signal(held, SIGSTOP);
  }
  settle("tracer", ready);
}

void stay_in_the_worktree(int ready) {
  ::setsid();
  [[maybe_unused]] const int file = ::open("held-open.txt", O_RDWR | O_CREAT, 0644);
  settle("cwd", ready);
}

/// As `daemon MS` of old: a grandchild in a session of its own that keeps the output open.
void leave_daemon(const std::string& milliseconds) {
  if (::fork() == 0) {
    ::setsid();
    if (::fork() == 0) {
      ::signal(SIGTERM, SIG_IGN);
      ::signal(SIGHUP, SIG_IGN);
      log("daemon");
      sleep_ms(std::stol(milliseconds));
      ::_exit(0);
    }
    ::_exit(0);
  }
  ::wait(nullptr);
}

void leak(const std::string& shape) {
  static const std::map<std::string, std::function<void(int)>> kShapes = {
      {"session", own_session},
      {"double-fork", double_fork},
      {"ignores", ignore_everything},
      {"pipe", hold_the_pipe},
      {"stopped", stop_itself},
      {"rabbit", fork_endlessly},
      {"orphan", reparent},
      {"pid-namespace", [](int ready) { enter_namespace("pid-namespace", CLONE_NEWPID, ready); }},
      {"user-namespace",
       [](int ready) { enter_namespace("user-namespace", CLONE_NEWUSER, ready); }},
      {"unmarked", [](int ready) { become_unmarked("unmarked", ready); }},
      {"hidden", hide},
      {"tracer", trace_each_other},
      {"cwd", stay_in_the_worktree}};
  const auto found = kShapes.find(shape);
  if (found == kShapes.end()) {
    die("unknown shape " + shape);
  }
  leave(shape, found->second);
  log(fmt::format("leaked {}", shape));
}

}  // namespace

void add_leak_steps(Steps& steps) {
  steps["leak"] = {true, leak};
  steps["daemon"] = {true, leave_daemon};
}

}  // namespace fake_agent

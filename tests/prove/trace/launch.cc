#include "tests/prove/trace/launch.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/support/signals.h"
#include "tests/support/spawn.h"

namespace prove::trace {

namespace {

/// Kills what runs for too long. One thread for all: a wait for a tracee has no time limit.
class Watchdog {
 public:
  void watch(pid_t pid, int seconds) {
    const std::lock_guard lock(mutex_);
    due_[pid] = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  }
  /// True if it was killed.
  bool forget(pid_t pid) {
    const std::lock_guard lock(mutex_);
    due_.erase(pid);
    return killed_.erase(pid) > 0;
  }
  bool killed(pid_t pid) {
    const std::lock_guard lock(mutex_);
    return killed_.contains(pid);
  }

 private:
  void patrol(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, stop, std::chrono::milliseconds(200), [] { return false; });
      const auto now = std::chrono::steady_clock::now();
      for (const auto& [pid, due] : due_) {
        if (now > due && killed_.insert(pid).second) {
          (void)test_support::send_signal(pid, SIGKILL);
        }
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<pid_t, std::chrono::steady_clock::time_point> due_;
  std::set<pid_t> killed_;
  std::jthread thread_{[this](const std::stop_token& stop) { patrol(stop); }};
};

Watchdog& watchdog() {
  static Watchdog dog;
  return dog;
}

std::string content(int file) {
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  for (off_t at = 0; (got = ::pread(file, buffer, sizeof buffer, at)) > 0; at += got) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

void put_on(const Filter& filter) {
  constexpr unsigned long kFlags =
      SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  const auto put = [&] {
    return static_cast<int>(
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kFlags, filter.program));
  };
  int listener = put();
  // Who is not root has to give up gaining rights first.
  if (listener < 0 && errno == EACCES && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
    listener = put();
  }
  std::atomic_ref<int>(*filter.listener).store(listener);
}

/// Other threads may hold locks that this process has copied: only what is safe in a signal
/// handler.
[[noreturn]] void become(const char* folder, char* const* argv, char* const* environment, int gate,
                         int out, int error, const Filter& filter) {
  if (filter.program != nullptr) {
    put_on(filter);
  }
  char byte = 0;
  while (::read(gate, &byte, 1) < 0 && errno == EINTR) {
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (::chdir(folder) == 0 && ::dup2(null, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 &&
      ::dup2(error, STDERR_FILENO) >= 0) {
    ::execve(argv[0], argv, environment);
  }
  ::_exit(126);
}

}  // namespace

Child::Child(const Launch& launch, bool held, const Filter& filter) {
  out_ = ::memfd_create("out", MFD_CLOEXEC);
  error_ = ::memfd_create("error", MFD_CLOEXEC);
  if (held) {
    fork_to_a_gate(launch, filter);
  } else {
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_ = test_support::spawn(launch.argv, launch.environment, launch.folder, null, out_, error_);
    ::close(null);
  }
  if (pid_ < 0) {
    throw std::runtime_error(std::string("no child: ") + std::strerror(errno));
  }
  watchdog().watch(pid_, launch.most_seconds);
}

void Child::fork_to_a_gate(const Launch& launch, const Filter& filter) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  const std::vector<char*> argv = test_support::exec_pointers(launch.argv);
  const std::vector<char*> environment = test_support::exec_pointers(launch.environment);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::close(ends[1]);
    become(launch.folder.c_str(), argv.data(), environment.data(), ends[0], out_, error_, filter);
  }
  ::close(ends[0]);
  gate_ = ends[1];
}

Child::~Child() {
  release();
  if (pid_ > 0) {
    (void)test_support::send_signal(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, __WALL);
    (void)watchdog().forget(pid_);
  }
  ::close(out_);
  ::close(error_);
}

void Child::release() {
  if (gate_ >= 0) {
    // A byte, not only the end of the pipe: a child that another thread made just then holds a copy
    // of this end, and two such children would wait for each other.
    (void)!::write(gate_, "", 1);
    ::close(gate_);
    gate_ = -1;
  }
}

void Child::reaped() {
  (void)watchdog().forget(pid_);
  pid_ = -1;
}

End Child::end(int status) const {
  End end;
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + end.signal;
  end.hung = watchdog().killed(pid_);
  end.out = content(out_);
  end.error = content(error_);
  return end;
}

End run(const Launch& launch) {
  Child child(launch, /*held=*/false);
  int status = 0;
  while (::waitpid(child.pid(), &status, 0) < 0 && errno == EINTR) {
  }
  End end = child.end(status);
  child.reaped();
  return end;
}

}  // namespace prove::trace

#include "tests/prove/trace/tracer.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "tests/support/signals.h"

namespace prove::trace {

namespace {

constexpr unsigned long kThreads =
    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
constexpr unsigned long kChildren = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;

class Tracing {
 public:
  Tracing(Child& child, const OnEntry& on_entry) : child_(child), on_entry_(on_entry) {}

  void attach(bool children) {
    if (::ptrace(PTRACE_SEIZE, child_.pid(), 0UL, kThreads | (children ? kChildren : 0UL)) != 0) {
      throw std::runtime_error(fmt::format("cannot trace: error {}", errno));
    }
    child_.release();
  }

  Traced follow() {
    Traced traced;
    bool ended = false;
    while (true) {
      int status = 0;
      // Only what this thread traces: the workers of a harness trace side by side.
      const pid_t thread = ::waitpid(-1, &status, __WALL | __WNOTHREAD);
      if (thread < 0 && errno == EINTR) {
        continue;
      }
      if (thread < 0) {
        break;  // nobody is left
      }
      if (WIFSTOPPED(status)) {
        stopped(thread, status, traced);
        continue;
      }
      threads_.erase(thread);
      if (thread == child_.pid()) {
        traced.end = child_.end(status);
        ended = true;
      }
    }
    if (!ended) {
      throw std::runtime_error("the traced program's end was not seen");
    }
    child_.reaped();
    return traced;
  }

 private:
  struct Thread {
    pid_t process = 0;
    int error = 0;  ///< to be put in the place of the call's result
  };

  Thread& known(pid_t thread) {
    const auto [at, fresh] = threads_.try_emplace(thread);
    if (fresh) {
      at->second.process = process_of(thread);
    }
    return at->second;
  }

  void stopped(pid_t thread, int status, Traced& traced) {
    const int signal = WSTOPSIG(status);
    const int event = status >> 16;
    long deliver = 0;
    if (signal == (SIGTRAP | 0x80)) {
      at_call(thread, traced);
    } else if (event == PTRACE_EVENT_EXEC) {
      started_ = true;
    } else if (event == 0) {
      deliver = signal;
    }
    // Before the program itself runs there is nothing to see.
    (void)::ptrace(started_ ? PTRACE_SYSCALL : PTRACE_CONT, thread, 0UL, deliver);
  }

  void at_call(pid_t thread, Traced& traced) {
    struct __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) {
      return;  // it has just been killed
    }
    Thread& state = known(thread);
    if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
      if (const int error = std::exchange(state.error, 0); error != 0) {
        set(thread, offsetof(user_regs_struct, rax), -error);
      }
      return;
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) {
      return;
    }
    Call call;
    call.process = state.process;
    call.thread = thread;
    call.number = static_cast<int>(info.entry.nr);
    std::copy_n(info.entry.args, call.arguments.size(), call.arguments.begin());
    call.ordinal = ++calls_[{state.process, call.number}];
    call.own = state.process == child_.pid();
    const Verdict verdict = on_entry_(call);
    switch (verdict.act) {
      case Verdict::Act::go: return;
      case Verdict::Act::kill:
        (void)test_support::send_signal(state.process, SIGKILL);
        traced.killed = true;
        return;
      case Verdict::Act::fail:
        // No call has this number: the kernel does nothing, and the result is ours.
        set(thread, offsetof(user_regs_struct, orig_rax), -1);
        state.error = verdict.error;
        ++traced.failed_calls;
        return;
    }
  }

  static void set(pid_t thread, std::size_t where, long value) {
    (void)::ptrace(PTRACE_POKEUSER, thread, where, value);
  }

  Child& child_;
  const OnEntry& on_entry_;
  std::map<pid_t, Thread> threads_;
  std::map<std::pair<pid_t, int>, std::int64_t> calls_;
  bool started_ = false;
};

}  // namespace

pid_t process_of(pid_t thread) {
  char line[256];
  FILE* file = std::fopen(fmt::format("/proc/{}/status", thread).c_str(), "re");
  pid_t process = thread;
  while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) {
    if (std::sscanf(line, "Tgid: %d", &process) == 1) {
      break;
    }
  }
  if (file != nullptr) {
    std::fclose(file);
  }
  return process;
}

Traced run_traced(const Launch& launch, bool children, const OnEntry& on_entry) {
  Child child(launch, /*held=*/true);
  Tracing tracing(child, on_entry);
  tracing.attach(children);
  return tracing.follow();
}

std::string bytes_at(const Call& call, std::uint64_t address, std::size_t size) {
  std::string bytes(size, '\0');
  iovec here{bytes.data(), size};
  iovec there{reinterpret_cast<void*>(address), size};
  const ssize_t got = ::process_vm_readv(call.thread, &here, 1, &there, 1, 0);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

std::string text_at(const Call& call, std::uint64_t address) {
  std::string text;
  // A page at a time: the next one may not be there.
  while (text.size() < PATH_MAX) {
    constexpr std::size_t kPage = 4096;
    const std::size_t left = kPage - (address + text.size()) % kPage;
    const std::string part = bytes_at(call, address + text.size(), left);
    const std::size_t end = part.find('\0');
    text += part.substr(0, end);
    if (part.empty() || end != std::string::npos) {
      break;
    }
  }
  return text;
}

std::string path_of(const Call& call, std::uint64_t descriptor) {
  char target[PATH_MAX];
  const std::string link =
      fmt::format("/proc/{}/fd/{}", call.process, static_cast<int>(descriptor));
  const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
  return length <= 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

}  // namespace prove::trace

#include "tests/prove/trace/sieve.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/support/signals.h"

namespace prove::trace {

namespace {

/// Asks at each of the numbers, lets every other call go.
std::vector<sock_filter> program_for(std::vector<int> numbers) {
  numbers.push_back(SYS_execve);  // it tells when the program itself begins
  std::vector<sock_filter> program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const int number : numbers) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return program;
}

/// A number that the child and this process both see.
class Shared {
 public:
  Shared()
      : memory_(::mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                       0)) {
    if (memory_ == MAP_FAILED) {
      throw std::runtime_error("no shared memory");
    }
    *value() = kNothingYet;
  }
  ~Shared() { ::munmap(memory_, sizeof(int)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  [[nodiscard]] int* value() const { return static_cast<int*>(memory_); }

  static constexpr int kNothingYet = -2;

 private:
  void* memory_;
};

/// The listener of a child that waits at its gate; -1 if the kernel gives none.
int listener_of(pid_t child, const Shared& shared) {
  const std::atomic_ref<int> number(*shared.value());
  for (int round = 0; number == Shared::kNothingYet; ++round) {
    if (round == 100'000) {
      return -1;
    }
    ::usleep(50);
  }
  if (number < 0) {
    return -1;
  }
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  const int listener =
      static_cast<int>(::syscall(SYS_pidfd_getfd, process, static_cast<int>(number), 0));
  ::close(process);
  return listener;
}

}  // namespace

class Keeper {
 public:
  Keeper(int listener, pid_t program, const OnEntry& on_entry)
      : listener_(listener), program_(program), on_entry_(&on_entry) {
    thread_ = std::jthread([this] { serve(); });
  }
  ~Keeper() {
    const std::uint64_t one = 1;
    (void)!::write(end_, &one, sizeof one);
    thread_.join();
    ::close(end_);
    ::close(listener_);
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// The program is gone: nobody is asked any more.
  void stop_asking(Traced& traced) {
    const std::lock_guard lock(mutex_);
    on_entry_ = nullptr;
    traced.killed = killed_;
    traced.failed_calls = failed_calls_;
  }

 private:
  void serve() {
    pollfd files[] = {{listener_, POLLIN, 0}, {end_, POLLIN, 0}};
    while (true) {
      if (::poll(files, 2, -1) < 0) {
        continue;
      }
      const auto listener = static_cast<unsigned>(files[0].revents);
      if (files[1].revents != 0) {
        return;  // nobody wants to know
      }
      if ((listener & POLLIN) != 0) {
        answer();
      } else if ((listener & POLLHUP) != 0) {
        return;  // no process has the filter any more
      }
      // Anything else is a look that was interrupted.
    }
  }

  void answer() {
    seccomp_notif asked{};
    if (::ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) {
      return;  // it has died meanwhile
    }
    const Verdict verdict = verdict_on(asked);
    if (verdict.act == Verdict::Act::kill) {
      (void)test_support::send_signal(program_, SIGKILL);
      return;  // without an answer the call does not happen
    }
    seccomp_notif_resp answer{};
    answer.id = asked.id;
    answer.flags = verdict.act == Verdict::Act::go ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
    answer.error = verdict.act == Verdict::Act::fail ? -verdict.error : 0;
    (void)::ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }

  Verdict verdict_on(const seccomp_notif& asked) {
    const std::lock_guard lock(mutex_);
    const auto thread = static_cast<pid_t>(asked.pid);
    if (on_entry_ == nullptr || killed_ || !is_of_the_program(thread)) {
      return {};
    }
    const int number = asked.data.nr;
    if (!started_) {
      started_ = number == SYS_execve;
      return {};
    }
    Call call;
    call.process = program_;
    call.thread = thread;
    call.number = number;
    std::copy_n(asked.data.args, call.arguments.size(), call.arguments.begin());
    call.ordinal = ++calls_[number];
    const Verdict verdict = (*on_entry_)(call);
    killed_ = verdict.act == Verdict::Act::kill;
    failed_calls_ += verdict.act == Verdict::Act::fail ? 1 : 0;
    return verdict;
  }

  bool is_of_the_program(pid_t thread) {
    const auto [at, fresh] = threads_.try_emplace(thread, false);
    if (fresh) {
      at->second = process_of(thread) == program_;
    }
    return at->second;
  }

  int listener_;
  int end_ = ::eventfd(0, EFD_CLOEXEC);
  pid_t program_;
  std::mutex mutex_;
  const OnEntry* on_entry_;
  bool started_ = false;
  bool killed_ = false;
  std::int64_t failed_calls_ = 0;
  std::map<int, std::int64_t> calls_;
  std::map<pid_t, bool> threads_;
  std::jthread thread_;
};

Sifted run_sifted(const Launch& launch, const std::vector<int>& numbers, const OnEntry& on_entry) {
  Sifted sifted;
  {
    std::vector<sock_filter> program = program_for(numbers);
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    const Shared shared;
    Child child(launch, /*held=*/true, {.program = &filter, .listener = shared.value()});
    if (const int listener = listener_of(child.pid(), shared); listener >= 0) {
      sifted.keeper = std::make_shared<Keeper>(listener, child.pid(), on_entry);
      child.release();
      int status = 0;
      while (::waitpid(child.pid(), &status, 0) < 0 && errno == EINTR) {
      }
      sifted.keeper->stop_asking(sifted.traced);
      sifted.traced.end = child.end(status);
      child.reaped();
      return sifted;
    }
  }
  sifted.traced = run_traced(launch, false, [&](const Call& call) {
    const bool wanted = std::ranges::find(numbers, call.number) != numbers.end();
    return wanted ? on_entry(call) : Verdict{};
  });
  return sifted;
}

}  // namespace prove::trace

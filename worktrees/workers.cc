#include "worktrees/workers.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace worktrees {

namespace {

constexpr unsigned kMostWorkers = 8;
constexpr std::size_t kChunk = 64;  // tasks that one worker takes at a time, at most
constexpr std::size_t kTurns = 16;  // at least so often each comes for more: all end together

class Work {
 public:
  Work(std::size_t tasks, unsigned workers, const std::function<DoTask()>& start)
      : tasks_(tasks),
        chunk_(std::clamp<std::size_t>(tasks / (workers * kTurns), 1, kChunk)),
        start_(start) {}

  void join_in() {
    try {
      take_chunks(start_());
    } catch (const std::bad_alloc&) {
      fail(jobs::fail(jobs::ErrorKind::transient, "out of memory"));
    }
  }

  [[nodiscard]] jobs::Status outcome() const {
    return problem_ ? jobs::Status(*problem_) : jobs::ok();
  }

 private:
  void take_chunks(const DoTask& task) {
    while (!failed_.load(std::memory_order_relaxed)) {
      const std::size_t begin = next_.fetch_add(chunk_);
      const std::size_t end = std::min(begin + chunk_, tasks_);
      if (begin >= end) {
        return;
      }
      for (std::size_t i = begin; i < end; ++i) {
        if (const jobs::Status done = task(i); !done) {
          fail(done.error());
          return;
        }
      }
    }
  }

  void fail(jobs::Error error) {
    failed_ = true;
    const std::lock_guard lock(mutex_);
    if (!problem_) {
      problem_ = std::move(error);
    }
  }

  std::size_t tasks_;
  std::size_t chunk_;
  const std::function<DoTask()>& start_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::optional<jobs::Error> problem_;
};

}  // namespace

unsigned workers_for(std::size_t tasks) {
  cpu_set_t may{};
  const bool known = ::sched_getaffinity(0, sizeof may, &may) == 0;
  const unsigned cores = known ? static_cast<unsigned>(CPU_COUNT(&may))
                               : std::max(1U, std::thread::hardware_concurrency());
  const std::size_t most = tasks / kChunk + 1;
  return static_cast<unsigned>(std::min<std::size_t>({most, cores, kMostWorkers}));
}

jobs::Status do_tasks(std::size_t tasks, unsigned workers, const std::function<DoTask()>& start) {
  workers = workers == 0 ? workers_for(tasks) : workers;
  Work work(tasks, workers, start);
  {
    std::vector<std::jthread> threads;
    try {
      for (unsigned i = 1; i < workers; ++i) {
        threads.emplace_back([&] { work.join_in(); });
      }
    } catch (const std::system_error&) {
      // Fewer of them do it too.
    }
    work.join_in();
  }
  return work.outcome();
}

}  // namespace worktrees

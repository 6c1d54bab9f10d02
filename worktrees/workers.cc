#include "worktrees/workers.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

namespace worktrees {

namespace {

constexpr unsigned kMostWorkers = 8;
constexpr std::uint64_t kBytesOfOne = std::uint64_t{2} << 20;  // what is worth a thread
constexpr std::size_t kChunk = 64;  // tasks that one worker takes at a time, at most
constexpr std::size_t kTurns = 16;  // at least so often each comes for more: all end together

}  // namespace

class Crew::Work {
 public:
  Work(std::size_t tasks, unsigned workers, std::function<DoTask()> start)
      : tasks_(tasks),
        chunk_(std::clamp<std::size_t>(tasks / (workers * kTurns), 1, kChunk)),
        start_(std::move(start)) {}

  void join_in() {
    try {
      take_chunks(start_());
    } catch (const std::bad_alloc&) {
      fail(jobs::fail(jobs::ErrorKind::transient, "out of memory"));
    }
  }

  void give_up() { failed_ = true; }

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
  std::function<DoTask()> start_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::optional<jobs::Error> problem_;
};

unsigned workers_for(std::size_t tasks, std::uint64_t bytes) {
  cpu_set_t may{};
  const bool known = ::sched_getaffinity(0, sizeof may, &may) == 0;
  const unsigned cores = known ? static_cast<unsigned>(CPU_COUNT(&may))
                               : std::max(1U, std::thread::hardware_concurrency());
  const std::uint64_t most = std::max<std::uint64_t>(
      tasks / kChunk + 1, std::min<std::uint64_t>(tasks, bytes / kBytesOfOne + 1));
  return static_cast<unsigned>(std::min<std::uint64_t>({most, cores, kMostWorkers}));
}

Crew::Crew(std::size_t tasks, unsigned workers, const std::function<DoTask()>& start) {
  workers = workers == 0 ? workers_for(tasks) : workers;
  work_ = std::make_unique<Work>(tasks, workers, start);
  try {
    for (unsigned i = 1; i < workers; ++i) {
      threads_.emplace_back([work = work_.get()] { work->join_in(); });
    }
  } catch (const std::system_error&) {
    // Fewer of them do it too.
  }
}

Crew::~Crew() {
  work_->give_up();
}

jobs::Status Crew::finish() {
  work_->join_in();
  threads_.clear();
  return work_->outcome();
}

jobs::Status do_tasks(std::size_t tasks, unsigned workers, const std::function<DoTask()>& start) {
  return Crew(tasks, workers, start).finish();
}

jobs::Status do_both(const DoPart& first, const DoPart& second) {
  return do_tasks(2, std::min(2U, workers_for(kChunk)), [&]() -> DoTask {
    return [&](std::size_t number) { return number == 0 ? first() : second(); };
  });
}

}  // namespace worktrees

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "jobs/base/result.h"

namespace worktrees {

/// How many threads are of use for `tasks` tasks, which are small or have this many bytes together:
/// as many as this process may have cores, at most 8.
[[nodiscard]] unsigned workers_for(std::size_t tasks, std::uint64_t bytes = 0);

/// Does tasks 0 to `tasks`-1, each once and in no order, with `workers` threads (0: workers_for).
/// `start` is called once in each thread and returns what does one task there. Ends early, with the
/// first failure. Fewer threads do it too where no more can be started.
using DoTask = std::function<jobs::Status(std::size_t)>;
[[nodiscard]] jobs::Status do_tasks(std::size_t tasks, unsigned workers,
                                    const std::function<DoTask()>& start);

/// Two things, at the same time where there are two cores. The second may be left out where the
/// first fails.
using DoPart = std::function<jobs::Status()>;
[[nodiscard]] jobs::Status do_both(const DoPart& first, const DoPart& second);

/// As do_tasks, for a caller who has something else to do first: the other threads begin at once.
class Crew {
 public:
  Crew(std::size_t tasks, unsigned workers, const std::function<DoTask()>& start);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  /// What nobody has begun yet is left out.
  ~Crew();

  /// To be called once: the caller takes part until everything is done.
  [[nodiscard]] jobs::Status finish();

 private:
  class Work;
  std::unique_ptr<Work> work_;
  std::vector<std::jthread> threads_;
};

}  // namespace worktrees

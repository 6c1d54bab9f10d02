#pragma once

#include <cstddef>
#include <functional>

#include "jobs/base/result.h"

namespace worktrees {

/// How many threads are of use for `tasks` small tasks: as many as this process may have cores, at
/// most 8.
[[nodiscard]] unsigned workers_for(std::size_t tasks);

/// Does tasks 0 to `tasks`-1, each once and in no order, with `workers` threads (0: workers_for).
/// `start` is called once in each thread and returns what does one task there. Ends early, with the
/// first failure. Fewer threads do it too where no more can be started.
using DoTask = std::function<jobs::Status(std::size_t)>;
[[nodiscard]] jobs::Status do_tasks(std::size_t tasks, unsigned workers,
                                    const std::function<DoTask()>& start);

}  // namespace worktrees

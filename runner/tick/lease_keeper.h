#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "jobs/ports/clock.h"
#include "jobs/ports/store.h"

namespace runner {

/// Renews the tick lease from a thread of its own while the tick is busy with something long (a
/// fetch, a setup command), so that nobody takes it over from a living tick. A renewal that fails
/// is not reported: the next write of the tick is refused by its stale epoch then, which is what
/// counts.
class LeaseKeeper {
 public:
  /// `store` and `clock` must outlive the keeper and allow calls from several threads.
  LeaseKeeper(jobs::Store& store, jobs::Lease lease, jobs::Clock& clock, jobs::Duration ttl);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::jthread thread_;
};

}  // namespace runner

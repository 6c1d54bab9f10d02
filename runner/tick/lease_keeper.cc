#include "runner/tick/lease_keeper.h"

#include <system_error>
#include <utility>

namespace runner {

LeaseKeeper::LeaseKeeper(jobs::Store& store, jobs::Lease lease, jobs::Clock& clock,
                         jobs::Duration ttl) {
  try {
    thread_ = std::jthread([this, &store, &clock, ttl, lease = std::move(lease)]() mutable {
      std::unique_lock lock(mutex_);
      while (!wake_.wait_for(lock, ttl / 3, [this] { return done_; })) {
        lock.unlock();
        if (auto renewed = store.renew_lease(lease, clock.now(), ttl)) {
          lease = std::move(*renewed);
        }
        lock.lock();
      }
    });
  } catch (const std::system_error&) {
    // No thread to be had: the tick renews between its steps all the same, and one step that takes
    // longer than the lease costs it the lease, no more.
  }
}

LeaseKeeper::~LeaseKeeper() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
}

}  // namespace runner

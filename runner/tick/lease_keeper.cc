#include "runner/tick/lease_keeper.h"

#include <utility>

namespace runner {

LeaseKeeper::LeaseKeeper(jobs::Store& store, jobs::Lease lease, jobs::Clock& clock,
                         jobs::Duration ttl)
    : thread_([this, &store, &clock, ttl, lease = std::move(lease)]() mutable {
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, ttl / 3, [this] { return done_; })) {
          lock.unlock();
          if (auto renewed = store.renew_lease(lease, clock.now(), ttl)) {
            lease = std::move(*renewed);
          }
          lock.lock();
        }
      }) {}

LeaseKeeper::~LeaseKeeper() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_all();
}

}  // namespace runner

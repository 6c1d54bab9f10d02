#include "tests/fakes/fake_notifier.h"

#include <algorithm>

namespace fakes {

jobs::Status FakeNotifier::send(const jobs::Notification& notification) {
  RUNNER_TRY(script.before("send"));
  {
    const std::lock_guard lock(mutex_);
    deliveries_.push_back(notification);
    script.changed("send " + notification.key);
  }
  return script.after("send");
}

std::vector<jobs::Notification> FakeNotifier::deliveries() const {
  const std::lock_guard lock(mutex_);
  return deliveries_;
}

std::vector<jobs::Notification> FakeNotifier::seen() const {
  const std::lock_guard lock(mutex_);
  std::vector<jobs::Notification> once;
  for (const jobs::Notification& delivery : deliveries_) {
    if (std::ranges::find(once, delivery.key, &jobs::Notification::key) == once.end()) {
      once.push_back(delivery);
    }
  }
  return once;
}

}  // namespace fakes

#pragma once

#include <mutex>
#include <vector>

#include "jobs/ports/notifier.h"
#include "tests/fakes/script.h"

namespace fakes {

/// A notifier in memory, held to the same contract suite as the real kinds
/// (tests/contract/notifier).
class FakeNotifier final : public jobs::Notifier {
 public:
  jobs::Status send(const jobs::Notification& notification) override;

  /// Every delivery, repeats included.
  [[nodiscard]] std::vector<jobs::Notification> deliveries() const;
  /// What a person saw: each key once.
  [[nodiscard]] std::vector<jobs::Notification> seen() const;
  Script script;  ///< call: send

 private:
  mutable std::mutex mutex_;
  std::vector<jobs::Notification> deliveries_;
};

}  // namespace fakes

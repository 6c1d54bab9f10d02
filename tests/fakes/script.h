#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "jobs/base/result.h"

namespace fakes {

/// Failures that a test orders in advance, and a record of what was called and what it changed.
/// Safe from several threads.
class Script {
 public:
  /// The next `times` calls named `call` fail and change nothing.
  void fail_before(const std::string& call, jobs::Error error, int times = 1) {
    order(before_, call, std::move(error), times);
  }
  /// The next `times` calls named `call` do their work and then fail: the answer was lost on its
  /// way.
  void fail_after(const std::string& call, jobs::Error error, int times = 1) {
    order(after_, call, std::move(error), times);
  }

  [[nodiscard]] jobs::Status before(const std::string& call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(call);
    return next(before_, call);
  }
  [[nodiscard]] jobs::Status after(const std::string& call) {
    const std::lock_guard lock(mutex_);
    return next(after_, call);
  }

  /// Notes a change to the outside world.
  void changed(std::string what) {
    const std::lock_guard lock(mutex_);
    changes_.push_back(std::move(what));
  }

  [[nodiscard]] std::vector<std::string> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  [[nodiscard]] std::vector<std::string> changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }

 private:
  using Orders = std::map<std::string, std::vector<jobs::Error>>;

  void order(Orders& orders, const std::string& call, jobs::Error error, int times) {
    const std::lock_guard lock(mutex_);
    orders[call].insert(orders[call].end(), static_cast<std::size_t>(times), error);
  }

  static jobs::Status next(Orders& orders, const std::string& call) {
    const auto found = orders.find(call);
    if (found == orders.end() || found->second.empty()) {
      return jobs::ok();
    }
    jobs::Error error = std::move(found->second.front());
    found->second.erase(found->second.begin());
    return error;
  }

  mutable std::mutex mutex_;
  Orders before_;
  Orders after_;
  std::vector<std::string> calls_;
  std::vector<std::string> changes_;
};

}  // namespace fakes

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace prove {

/// Things that one case at a time may use, made when they are wanted: as many as there are cases at
/// a time.
template <typename T>
class Pool {
 public:
  explicit Pool(std::function<std::unique_ptr<T>(int)> make) : make_(std::move(make)) {}

  /// One of them, until the answer goes.
  [[nodiscard]] auto take() {
    std::unique_ptr<T> one;
    int number = 0;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        one = std::move(free_.back());
        free_.pop_back();
      } else {
        number = ++made_;
      }
    }
    if (!one) {
      one = make_(number);
    }
    const auto give_back = [this](T* each) {
      const std::lock_guard lock(mutex_);
      free_.emplace_back(each);
    };
    return std::unique_ptr<T, decltype(give_back)>(one.release(), give_back);
  }

 private:
  std::function<std::unique_ptr<T>(int)> make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> free_;
  int made_ = 0;
};

}  // namespace prove

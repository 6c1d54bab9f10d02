#pragma once

#include <functional>
#include <mutex>
#include <string>

namespace scenario {

/// The program stopped here. Private to the harness: nothing in the product catches it.
struct Crash {};

/// Every port call of the program under test passes here and is counted, readers and writers alike.
/// At the call of one number the program can be made to stop, before or after the call's work, or a
/// test can do something else in the meantime.
class Gate {
 public:
  enum class When { never, before, after };

  void crash_at(int number, When when) {
    number_ = number;
    when_ = when;
  }
  /// Calls `meanwhile` before the call of this number, as if the program had been paused there.
  void pause_at(int number, std::function<void()> meanwhile) {
    number_ = number;
    when_ = When::never;
    meanwhile_ = std::move(meanwhile);
  }
  /// Looks at every call before it is made.
  void inspect(std::function<void(const std::string&)> look) { look_ = std::move(look); }
  /// For several threads at once: calls happen one after the other.
  void share(std::mutex& mutex) { mutex_ = &mutex; }

  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] bool reached() const { return number_ > 0 && count_ >= number_; }
  [[nodiscard]] const std::string& where() const { return where_; }

  template <typename Work>
  auto pass(const char* name, const Work& work) {
    const bool here = ++count_ == number_;
    if (here) {
      where_ = name;
      if (meanwhile_) {
        meanwhile_();
      }
    }
    if (look_) {
      look_(name);
    }
    if (here && when_ == When::before) {
      throw Crash{};
    }
    auto result = locked(work);
    if (here && when_ == When::after) {
      throw Crash{};
    }
    return result;
  }

 private:
  template <typename Work>
  auto locked(const Work& work) {
    if (mutex_ == nullptr) {
      return work();
    }
    const std::lock_guard lock(*mutex_);
    return work();
  }

  int number_ = 0;
  int count_ = 0;
  When when_ = When::never;
  std::function<void()> meanwhile_;
  std::function<void(const std::string&)> look_;
  std::mutex* mutex_ = nullptr;
  std::string where_;
};

}  // namespace scenario

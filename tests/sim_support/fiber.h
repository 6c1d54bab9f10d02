#pragma once

#include <ucontext.h>

#include <functional>

namespace sim {

/// A function with a stack of its own that can stop in the middle and go on later, in the thread
/// that resumes it. No two of them run at once, so that everything happens in one order.
class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Goes on until the body yields or ends.
  void resume();
  /// Inside the body: back to who resumed it.
  void yield();
  [[nodiscard]] bool done() const { return done_; }

 private:
  static void enter(unsigned int high, unsigned int low);

  std::function<void()> body_;
  void* stack_ = nullptr;
  ucontext_t here_{};
  ucontext_t caller_{};
  bool done_ = false;
};

}  // namespace sim

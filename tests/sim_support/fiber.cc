#include "tests/sim_support/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>
#include <vector>

namespace sim {

namespace {

constexpr std::size_t kStack = std::size_t{512} << 10;
constexpr std::size_t kGuard = std::size_t{4} << 10;

/// Stacks are used again: a simulation makes some hundred thousand fibers.
class Stacks {
 public:
  Stacks() = default;
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;
  ~Stacks() {
    for (void* stack : free_) {
      ::munmap(stack, kStack);
    }
  }

  void* take() {
    if (!free_.empty()) {
      void* stack = free_.back();
      free_.pop_back();
      return stack;
    }
    void* stack = ::mmap(nullptr, kStack, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED || ::mprotect(stack, kGuard, PROT_NONE) != 0) {
      throw std::bad_alloc();
    }
    return stack;
  }
  void give_back(void* stack) { free_.push_back(stack); }

 private:
  std::vector<void*> free_;
};

Stacks& stacks() {
  thread_local Stacks all;
  return all;
}

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)), stack_(stacks().take()) {
  ::getcontext(&here_);
  here_.uc_stack.ss_sp = stack_;
  here_.uc_stack.ss_size = kStack;
  here_.uc_link = nullptr;
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  ::makecontext(&here_, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
                static_cast<unsigned int>(self >> 32U), static_cast<unsigned int>(self));
}

Fiber::~Fiber() {
  stacks().give_back(stack_);
}

void Fiber::enter(unsigned int high, unsigned int low) {
  auto* self = reinterpret_cast<Fiber*>((static_cast<std::uintptr_t>(high) << 32U) | low);
  self->body_();
  self->done_ = true;
  ::swapcontext(&self->here_, &self->caller_);
}

void Fiber::resume() {
  ::swapcontext(&caller_, &here_);
}

void Fiber::yield() {
  ::swapcontext(&here_, &caller_);
}

}  // namespace sim

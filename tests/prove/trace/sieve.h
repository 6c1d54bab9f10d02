#pragma once

#include <memory>
#include <vector>

#include "tests/prove/trace/tracer.h"

/// A program stopped at the entry of a few kinds of system calls only, by a seccomp filter that
/// asks the harness. A tracer stops at each call twice, which takes longer than all the work of a
/// tick; here nothing is slower but the calls that are wanted.
namespace prove::trace {

/// Answers for what inherited the filter. Until it goes, the calls of processes that the program
/// has left running are let go; afterwards they fail.
class Keeper;

struct Sifted {
  Traced traced;
  std::shared_ptr<Keeper> keeper;
};

/// As `run_traced` without children: the same calls with the same ordinals, but only those of
/// `numbers`. Where the kernel cannot do it, a tracer does.
[[nodiscard]] Sifted run_sifted(const Launch& launch, const std::vector<int>& numbers,
                                const OnEntry& on_entry);

}  // namespace prove::trace

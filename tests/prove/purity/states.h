#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/prove/trace/scenario.h"

namespace prove {

/// A state in which ticks are looked at.
struct State {
  std::string name;
  std::function<void(trace::Stage&)> make;
};

/// Each scenario, and what goes wrong in an installation: frozen, needs a person, blocked, out of
/// budget, many issues, damaged, missing, ...
[[nodiscard]] const std::vector<State>& states();

/// What a tick left that was killed anywhere: nothing runs any more.
void make_random_state(trace::Stage& stage, std::uint64_t seed);

}  // namespace prove

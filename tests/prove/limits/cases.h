#pragma once

#include <vector>

#include "tests/prove/limits/world.h"

namespace prove::limits {

/// One input: far too many of something, or something far too large.
struct Case {
  const char* name;
  void (*run)(World&, const Options&);
};

[[nodiscard]] std::vector<Case> issue_cases();
[[nodiscard]] std::vector<Case> turn_cases();
[[nodiscard]] std::vector<Case> git_cases();

}  // namespace prove::limits

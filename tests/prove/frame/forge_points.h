#pragma once

#include <string_view>

namespace prove {

/// The staged scenes have no forge, which is where a pull request is opened and merged: these steps
/// are stopped at on both sides by tests/crash.
[[nodiscard]] inline bool needs_a_forge(std::string_view point) {
  return point.starts_with("open_pull") || point.starts_with("merge_pull") ||
         point.starts_with("propose_");
}

}  // namespace prove

#pragma once

#include <string>
#include <vector>

namespace prove::hostile_text {

/// One text that somebody wrote to be taken for something else.
struct Hostile {
  std::string name;  ///< "SEED/PLACE", as `--only` takes it
  std::string text;  ///< any bytes
};

/// At least 300, by rule: every seed alone, inside a sentence, on a line of its own, and behind a
/// long beginning (where something may cut).
[[nodiscard]] const std::vector<Hostile>& hostile_strings();

}  // namespace prove::hostile_text

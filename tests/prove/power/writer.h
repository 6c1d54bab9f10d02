#pragma once

#include <cstdint>
#include <string>

namespace prove::power {

/// Writes step after step and says each that was acknowledged, until it fails or is killed: a
/// program of its own, `prove_power writer FOLDER MODE`. MODE: "store" = the program's own store,
/// "careless" = the same steps by SQLite alone with synchronous=OFF. One line per step on standard
/// output.
int writer(const std::string& folder, const std::string& mode);

/// What the state says of a writer's steps, read by SQLite alone.
struct Written {
  bool readable = false;
  std::string why;         ///< if it cannot be read, or a step is there by half
  std::int64_t steps = 0;  ///< the newest
};
[[nodiscard]] Written look(const std::string& folder);

}  // namespace prove::power

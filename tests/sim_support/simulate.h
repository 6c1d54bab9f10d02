#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim_support/moves.h"
#include "tests/sim_support/trace.h"

namespace sim {

/// One world, lived through and judged.
struct Result {
  std::vector<std::string> findings;
  std::map<std::string, std::int64_t> marks;
  std::map<std::string, std::int64_t> counts;
  std::uint64_t hash = 0;
  std::vector<Trace::Line> lines;  ///< where they were asked for
};

[[nodiscard]] Result simulate(std::uint64_t seed, Profile profile, const std::set<int>& dropped,
                              bool keep_trace);

/// The steps that can be left out while the same invariant is still broken.
[[nodiscard]] std::set<int> shrink(std::uint64_t seed, Profile profile, const std::string& finding);

/// Every mark that a quick run must have seen.
[[nodiscard]] std::vector<std::string> expected_marks(Profile profile);

/// "seed=12 drop=4,7"
[[nodiscard]] std::string name_of(std::uint64_t seed, const std::set<int>& dropped);
struct Named {
  std::uint64_t seed = 0;
  std::set<int> dropped;
};
[[nodiscard]] Named parse_name(const std::string& text);

}  // namespace sim

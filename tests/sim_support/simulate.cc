#include "tests/sim_support/simulate.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/sim_support/world.h"

namespace sim {

Result simulate(std::uint64_t seed, Profile profile, const std::set<int>& dropped,
                bool keep_trace) {
  World world(make_script(seed, profile), dropped, keep_trace);
  world.live();
  return {.findings = world.checks.findings(),
          .marks = world.marks,
          .counts = world.counts,
          .hash = world.trace.hash(),
          .lines = world.trace.lines()};
}

std::set<int> shrink(std::uint64_t seed, Profile profile, const std::string& finding) {
  // "invariant 5:" is what must go on being broken; names of runs change with what is left out.
  const std::string kind = finding.substr(0, finding.find(':') + 1);
  const Script script = make_script(seed, profile);
  std::set<int> dropped;
  const auto still = [&](const std::set<int>& without) {
    const Result result = simulate(seed, profile, without, false);
    return std::ranges::any_of(result.findings,
                               [&](const std::string& one) { return one.starts_with(kind); });
  };
  for (std::size_t chunk = script.steps.size() / 2; chunk > 0; chunk /= 2) {
    for (std::size_t begin = 0; begin < script.steps.size(); begin += chunk) {
      std::set<int> without = dropped;
      for (std::size_t i = begin; i < std::min(begin + chunk, script.steps.size()); ++i) {
        without.insert(script.steps[i].id);
      }
      if (without.size() > dropped.size() && without.size() < script.steps.size() &&
          still(without)) {
        dropped = std::move(without);
      }
    }
  }
  return dropped;
}

std::string name_of(std::uint64_t seed, const std::set<int>& dropped) {
  return dropped.empty() ? fmt::format("seed={}", seed)
                         : fmt::format("seed={} drop={}", seed, fmt::join(dropped, ","));
}

Named parse_name(const std::string& text) {
  Named named;
  const std::size_t seed = text.find("seed=");
  if (seed == std::string::npos) {
    throw std::runtime_error("--only takes 'seed=N' or 'seed=N drop=A,B'");
  }
  named.seed = std::stoull(text.substr(seed + 5));
  const std::size_t drop = text.find("drop=");
  for (std::size_t at = drop == std::string::npos ? text.size() : drop + 5; at < text.size();) {
    named.dropped.insert(std::stoi(text.substr(at)));
    const std::size_t comma = text.find(',', at);
    at = comma == std::string::npos ? text.size() : comma + 1;
  }
  return named;
}

}  // namespace sim

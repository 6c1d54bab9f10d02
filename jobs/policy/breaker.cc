#include "jobs/policy/breaker.h"

#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/time.h"

namespace jobs {

std::string agent_scope(std::string_view agent) {
  return fmt::format("agent:{}", agent);
}

bool half_open(const Brake& brake, TimePoint now) {
  return brake.in_force() && brake.until && now >= *brake.until;
}

std::string parked(const std::vector<Brake>& brakes, std::string_view agent, bool canary_away,
                   TimePoint now) {
  const std::string scope = agent_scope(agent);
  for (const Brake& brake : brakes) {
    if (!brake.in_force() || !brake.until || brake.scope != scope) {
      continue;
    }
    if (!half_open(brake, now)) {
      return fmt::format("{} is parked until {}: {}", scope, format_time(*brake.until),
                         brake.reason);
    }
    if (canary_away) {
      return fmt::format("{} is tried by one other run first: {}", scope, brake.reason);
    }
  }
  return {};
}

bool canary_among(const std::vector<Run>& live, const std::vector<Brake>& brakes,
                  const Fleet& fleet, std::string_view agent, const RunId& but, TimePoint now) {
  const std::string scope = agent_scope(agent);
  return std::ranges::any_of(brakes, [&](const Brake& brake) {
    return brake.scope == scope && half_open(brake, now) &&
           std::ranges::any_of(live, [&](const Run& run) {
             const Repo* repo = fleet.repo(run.issue.repo);
             const bool asks = run.step == RunStep::preparing || run.step == RunStep::turning;
             return asks && run.id != but && repo != nullptr && repo->agent == agent &&
                    run.updated_at >= *brake.until;
           });
  });
}

}  // namespace jobs

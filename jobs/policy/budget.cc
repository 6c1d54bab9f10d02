#include "jobs/policy/budget.h"

#include <optional>

#include <fmt/format.h>

#include "jobs/base/planted.h"

namespace jobs {

namespace {

std::string over(const char* whose, Usd spent, const std::optional<Usd>& cap) {
  if (!cap || spent < *cap || (RUNNER_PLANTED(cap_passed_by_one) && spent == *cap)) {
    return {};
  }
  return fmt::format("{} {} of {} USD", whose, spent.str(), cap->str());
}

std::string over(const char* whose, std::int64_t spent, const std::optional<std::int64_t>& cap,
                 const char* unit) {
  if (!cap || spent < *cap || (RUNNER_PLANTED(cap_passed_by_one) && spent == *cap)) {
    return {};
  }
  return fmt::format("{} {} of {} {}", whose, spent, *cap, unit);
}

}  // namespace

std::string reached_cap(const Budget& budget, const SpendSoFar& spent) {
  const std::string found[] = {
      over("this run used", spent.run.usd, budget.run_usd),
      over("this run used", spent.run.tokens, budget.run_tokens, "tokens"),
      over("this run used", spent.run.turns, budget.run_turns, "turns"),
      over("this issue used", spent.issue.usd, budget.issue_usd),
      over("this issue used", spent.issue.turns, budget.issue_turns, "turns"),
      over("the repository used today", spent.repo_day.usd, budget.repo_day_usd),
      over("the repository used today", spent.repo_day.turns, budget.repo_day_turns, "turns"),
      over("the fleet used today", spent.fleet_day.usd, budget.fleet_day_usd),
      over("the fleet used today", spent.fleet_day.turns, budget.fleet_day_turns, "turns"),
      over("the fleet used today", spent.fleet_day.tokens, budget.fleet_day_tokens, "tokens"),
      over("the fleet used this month", spent.fleet_month.usd, budget.fleet_month_usd),
  };
  for (const std::string& line : found) {
    if (!line.empty()) {
      return line;
    }
  }
  return {};
}

Usage turn_allowance(const Budget& budget, const Limits& limits) {
  Usage allowance = budget.per_turn;
  allowance.turns = 1;
  allowance.seconds =
      std::chrono::duration_cast<std::chrono::seconds>(limits.turn_deadline).count();
  return allowance;
}

}  // namespace jobs

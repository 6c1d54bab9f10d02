#include "jobs/policy/budget.h"

#include <functional>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jobs {
namespace {

struct Cap {
  const char* name;
  std::function<void(Budget&)> set;  ///< to 10 of its unit
  std::function<std::int64_t&(SpendSoFar&)> spent;
};

Budget without_caps() {
  Budget budget;
  budget.run_tokens.reset();
  budget.run_turns.reset();
  budget.issue_turns.reset();
  budget.repo_day_turns.reset();
  budget.fleet_day_turns.reset();
  return budget;
}

const std::vector<Cap>& caps() {
  using S = SpendSoFar;
  static const std::vector<Cap> all = {
      {"run_usd", [](Budget& b) { b.run_usd = Usd{10}; },
       [](S& s) -> std::int64_t& { return s.run.usd.micros; }},
      {"run_tokens", [](Budget& b) { b.run_tokens = 10; },
       [](S& s) -> std::int64_t& { return s.run.tokens; }},
      {"run_turns", [](Budget& b) { b.run_turns = 10; },
       [](S& s) -> std::int64_t& { return s.run.turns; }},
      {"issue_usd", [](Budget& b) { b.issue_usd = Usd{10}; },
       [](S& s) -> std::int64_t& { return s.issue.usd.micros; }},
      {"issue_turns", [](Budget& b) { b.issue_turns = 10; },
       [](S& s) -> std::int64_t& { return s.issue.turns; }},
      {"repo_day_usd", [](Budget& b) { b.repo_day_usd = Usd{10}; },
       [](S& s) -> std::int64_t& { return s.repo_day.usd.micros; }},
      {"repo_day_turns", [](Budget& b) { b.repo_day_turns = 10; },
       [](S& s) -> std::int64_t& { return s.repo_day.turns; }},
      {"fleet_day_usd", [](Budget& b) { b.fleet_day_usd = Usd{10}; },
       [](S& s) -> std::int64_t& { return s.fleet_day.usd.micros; }},
      {"fleet_day_turns", [](Budget& b) { b.fleet_day_turns = 10; },
       [](S& s) -> std::int64_t& { return s.fleet_day.turns; }},
      {"fleet_day_tokens", [](Budget& b) { b.fleet_day_tokens = 10; },
       [](S& s) -> std::int64_t& { return s.fleet_day.tokens; }},
      {"fleet_month_usd", [](Budget& b) { b.fleet_month_usd = Usd{10}; },
       [](S& s) -> std::int64_t& { return s.fleet_month.usd.micros; }},
  };
  return all;
}

class EveryCap : public testing::TestWithParam<Cap> {};

/// Section 17: "budget declared, read by nothing".
TEST_P(EveryCap, Invariant5_BlocksWhenItIsReachedAndNotBefore) {
  Budget budget = without_caps();
  GetParam().set(budget);
  SpendSoFar spent;
  GetParam().spent(spent) = 9;
  EXPECT_EQ(reached_cap(budget, spent), "");
  GetParam().spent(spent) = 10;
  EXPECT_NE(reached_cap(budget, spent), "") << "reached means >=";
  GetParam().spent(spent) = 11;
  EXPECT_NE(reached_cap(budget, spent), "");
  EXPECT_EQ(reached_cap(without_caps(), spent), "") << "no cap, no block";
}

INSTANTIATE_TEST_SUITE_P(Policy, EveryCap, testing::ValuesIn(caps()),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(NeverAgain, ABudgetThatIsDeclaredIsRead) {
  EXPECT_EQ(caps().size(), 11U) << "a new cap in Budget needs a row above";
  const Budget by_default;
  EXPECT_TRUE(by_default.run_turns && by_default.run_tokens && by_default.issue_turns &&
              by_default.repo_day_turns && by_default.fleet_day_turns)
      << "turn and token caps are on by default: under a subscription USD is notional";
}

TEST(Budget, TheAllowanceOfATurnIsOneTurnAndItsWallClock) {
  Budget budget;
  budget.per_turn = {Usd{7}, 8, 99, 99};
  Limits limits;
  limits.turn_deadline = std::chrono::minutes(2);
  EXPECT_EQ(turn_allowance(budget, limits), (Usage{Usd{7}, 8, 1, 120}));
}

RC_GTEST_PROP(BudgetProperty, Invariant5_SpendPassesACapByLessThanOneReservation, ()) {
  Budget budget = without_caps();
  budget.run_usd = Usd{*rc::gen::inRange<std::int64_t>(1, 1'000'000)};
  budget.per_turn.usd = Usd{*rc::gen::inRange<std::int64_t>(1, 1'000'000)};
  SpendSoFar spent;
  while (reached_cap(budget, spent).empty()) {
    spent.run.usd += turn_allowance(budget, Limits{}).usd;
  }
  RC_ASSERT(spent.run.usd.micros < budget.run_usd->micros + budget.per_turn.usd.micros);
}

}  // namespace
}  // namespace jobs

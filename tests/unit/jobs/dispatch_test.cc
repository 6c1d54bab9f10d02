#include "jobs/policy/dispatch.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "jobs/policy/budget.h"
#include "jobs/policy/gates.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::issue;
using scenario::kNow;

Issue with_priority(IssueNumber number, std::optional<int> priority) {
  Issue one = issue(number);
  one.priority = priority;
  return one;
}

Reason reason_of(const std::vector<Decision>& decisions, const std::string& repo,
                 IssueNumber number) {
  for (const Decision& decision : decisions) {
    if (decision.issue.repo.str() == repo && decision.issue.number == number) {
      return decision.reason;
    }
  }
  ADD_FAILURE() << repo << "#" << number << " has no decision";
  return Reason::kill_switch;
}

std::vector<IssueKey> selected(const std::vector<Decision>& decisions) {
  std::vector<IssueKey> keys;
  for (const Decision& decision : decisions) {
    if (decision.selected()) {
      keys.push_back(decision.issue);
    }
  }
  return keys;
}

TEST(Order, PriorityThenLabelTimeThenNumber) {
  EXPECT_TRUE(comes_before(with_priority(9, 0), with_priority(1, 1)));
  EXPECT_FALSE(comes_before(with_priority(1, 1), with_priority(9, 0)));
  Issue older = issue(9);
  older.ready_by.at = kNow - scenario::hours(2);
  EXPECT_TRUE(comes_before(older, issue(1)));
  Issue timeless = issue(1);
  timeless.ready_by.at.reset();
  EXPECT_TRUE(comes_before(issue(9), timeless)) << "no time is last";
  EXPECT_TRUE(comes_before(issue(1), issue(2)));
  EXPECT_FALSE(comes_before(issue(1), issue(1)));
}

TEST(NeverAgain, AMissingPriorityIsLastNotMostUrgent) {
  for (const int numbered : {0, 1, 5, 1'000'000}) {
    EXPECT_TRUE(comes_before(with_priority(9, numbered), with_priority(1, std::nullopt)));
    EXPECT_FALSE(comes_before(with_priority(1, std::nullopt), with_priority(9, numbered)));
  }
  const Fleet fleet = scenario::fleet();
  const auto decisions =
      dispatch(scenario::poll_facts(fleet, {with_priority(1, std::nullopt), with_priority(2, 7)}),
               fleet, kNow);
  EXPECT_EQ(reason_of(decisions, "acme/shop", 2), Reason::selected);
  EXPECT_EQ(reason_of(decisions, "acme/shop", 1), Reason::slot_taken);
}

TEST(Dispatch, TheBestEligibleOneGetsTheSlot) {
  const Fleet fleet = scenario::fleet();
  Issue blocked = with_priority(1, 0);
  blocked.blockers = {{.reference = "#9", .state = Blocker::State::open, .detail = {}}};
  const auto decisions =
      dispatch(scenario::poll_facts(fleet, {blocked, with_priority(2, 1), with_priority(3, 2)}),
               fleet, kNow);
  EXPECT_EQ(reason_of(decisions, "acme/shop", 1), Reason::blocked_by);
  EXPECT_EQ(reason_of(decisions, "acme/shop", 2), Reason::selected);
  EXPECT_EQ(reason_of(decisions, "acme/shop", 3), Reason::slot_taken);
}

TEST(Dispatch, CapacityCountsLiveRunsAndThisTicksStarts) {
  Fleet fleet = scenario::fleet();
  PollFacts facts = scenario::poll_facts(
      fleet, {issue(1, "acme/shop"), issue(1, "acme/lib"), issue(1, "acme/web")});
  fleet.limits.max_live_runs = 2;
  fleet.limits.max_starts_per_tick = 5;
  EXPECT_EQ(selected(dispatch(facts, fleet, kNow)).size(), 2U);
  jobs::Run live = scenario::run();
  live.issue.repo = RepoName("acme/elsewhere");
  facts.live_runs = {live};
  const auto decisions = dispatch(facts, fleet, kNow);
  EXPECT_EQ(selected(decisions).size(), 1U);
  EXPECT_EQ(std::ranges::count(decisions, Reason::capacity, &Decision::reason), 2);
  fleet.limits.max_live_runs = 9;
  fleet.limits.max_starts_per_tick = 1;
  EXPECT_EQ(selected(dispatch(facts, fleet, kNow)).size(), 1U);
}

TEST(Dispatch, TheRepositoryThatWaitedLongestGoesFirst) {
  Fleet fleet = scenario::fleet();
  fleet.limits.max_live_runs = 1;
  PollFacts facts = scenario::poll_facts(
      fleet, {issue(1, "acme/shop"), issue(1, "acme/lib"), issue(1, "acme/web")});
  std::map<std::string, int> starts;
  for (int tick = 0; tick < 30; ++tick) {
    const auto won = selected(dispatch(facts, fleet, kNow));
    ASSERT_EQ(won.size(), 1U);
    ++starts[won.front().repo.str()];
    facts.last_started[won.front().repo] = kNow + scenario::minutes(tick);
  }
  EXPECT_EQ(starts,
            (std::map<std::string, int>{{"acme/lib", 10}, {"acme/shop", 10}, {"acme/web", 10}}));
}

TEST(Dispatch, Invariant5_ReservationsOfThisTickCountAgainstTheFleet) {
  Fleet fleet = scenario::fleet();
  fleet.limits.max_live_runs = 9;
  fleet.limits.max_starts_per_tick = 9;
  fleet.budget.fleet_day_usd = fleet.budget.per_turn.usd;
  const auto decisions = dispatch(
      scenario::poll_facts(fleet, {issue(1, "acme/shop"), issue(1, "acme/lib")}), fleet, kNow);
  EXPECT_EQ(selected(decisions).size(), 1U);
  EXPECT_EQ(std::ranges::count(decisions, Reason::budget, &Decision::reason), 1);
}

TEST(Dispatch, ARepositoryThatLeftTheManifestsHasNoCandidates) {
  const Fleet fleet = scenario::fleet();
  PollFacts facts = scenario::poll_facts(fleet, {issue(1)});
  facts.repos.front().repo = RepoName("acme/gone");
  EXPECT_TRUE(dispatch(facts, fleet, kNow).empty());
}

/// A fleet and candidates of all sorts.
struct Random {
  Fleet fleet = scenario::fleet();
  PollFacts facts;
};

Random random_scene() {
  Random scene;
  scene.fleet.limits.max_live_runs = *rc::gen::inRange(1, 5);
  scene.fleet.limits.max_starts_per_tick = *rc::gen::inRange(1, 5);
  scene.fleet.budget.fleet_day_turns = *rc::gen::inRange<std::int64_t>(1, 6);
  std::vector<Issue> issues;
  for (const Repo& repo : scene.fleet.repos) {
    const int count = *rc::gen::inRange(0, 5);
    for (int number = 1; number <= count; ++number) {
      Issue one = issue(number, repo.name.str());
      if (*rc::gen::arbitrary<bool>()) {
        one.priority = *rc::gen::inRange(0, 3);
      }
      one.ready_by.at = kNow - scenario::minutes(*rc::gen::inRange(1, 4));
      if (*rc::gen::inRange(0, 4) == 0) {
        one.ready_by.permission = Permission::read;
      }
      if (*rc::gen::inRange(0, 5) == 0) {
        one.problem = "broken";
      }
      issues.push_back(std::move(one));
    }
  }
  scene.facts = scenario::poll_facts(scene.fleet, issues);
  if (*rc::gen::arbitrary<bool>()) {
    jobs::Run live = scenario::run();
    live.issue.number = 99;
    scene.facts.live_runs = {live};
  }
  scene.facts.fleet_day.turns = *rc::gen::inRange<std::int64_t>(0, 4);
  return scene;
}

RC_GTEST_PROP(DispatchProperty, TheOrderOfTheInputDoesNotMatter, ()) {
  Random scene = random_scene();
  const auto wanted = dispatch(scene.facts, scene.fleet, kNow);
  std::mt19937 shuffle(*rc::gen::arbitrary<unsigned>());
  std::ranges::shuffle(scene.facts.repos, shuffle);
  for (RepoFacts& repo : scene.facts.repos) {
    std::ranges::shuffle(repo.ready, shuffle);
  }
  RC_ASSERT(dispatch(scene.facts, scene.fleet, kNow) == wanted);
}

RC_GTEST_PROP(DispatchProperty, Invariant15_EveryCandidateHasExactlyOneReason, ()) {
  const Random scene = random_scene();
  const auto decisions = dispatch(scene.facts, scene.fleet, kNow);
  std::set<IssueKey> decided;
  for (const Decision& decision : decisions) {
    RC_ASSERT(decided.insert(decision.issue).second);
    const GateValue* failing = first_failing(decision.gates);
    RC_ASSERT((failing == nullptr ? Reason::selected : failing->gate) == decision.reason);
    RC_ASSERT(!decision.detail.empty());
  }
  std::size_t candidates = 0;
  for (const RepoFacts& repo : scene.facts.repos) {
    candidates += repo.ready.size();
  }
  RC_ASSERT(decided.size() == candidates);
}

RC_GTEST_PROP(DispatchProperty, Invariant1_AtMostOnePerRepositoryAndNeverAboveTheLimits, ()) {
  const Random scene = random_scene();
  const auto won = selected(dispatch(scene.facts, scene.fleet, kNow));
  std::set<RepoName> repos;
  for (const Run& live : scene.facts.live_runs) {
    repos.insert(live.issue.repo);
  }
  for (const IssueKey& key : won) {
    RC_ASSERT(repos.insert(key.repo).second);
  }
  const auto count = static_cast<int>(won.size());
  const auto live = static_cast<int>(scene.facts.live_runs.size());
  RC_ASSERT(count == 0 || live + count <= scene.fleet.limits.max_live_runs);
  RC_ASSERT(count <= scene.fleet.limits.max_starts_per_tick);
}

RC_GTEST_PROP(DispatchProperty, Invariant5_NothingStartsAtOrAboveACap, ()) {
  const Random scene = random_scene();
  const auto won = selected(dispatch(scene.facts, scene.fleet, kNow));
  const std::int64_t cap = *scene.fleet.budget.fleet_day_turns;
  const auto before = scene.facts.fleet_day.turns;
  RC_ASSERT(won.empty() || before + static_cast<std::int64_t>(won.size()) <= cap);
}

}  // namespace
}  // namespace jobs

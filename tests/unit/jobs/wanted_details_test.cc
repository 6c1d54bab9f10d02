// Whose details are asked for, and that nothing starts without them.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "jobs/policy/dispatch.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::kNow;

constexpr std::size_t kLookAhead = 40;

Issue listed(IssueNumber number, const std::string& repo = "acme/shop") {
  Issue issue = scenario::issue(number, repo);
  issue.ready_by = {};
  issue.details_left_out = true;
  return issue;
}

std::vector<std::string> wanted(const PollFacts& facts, const Fleet& fleet,
                                std::size_t look_ahead = kLookAhead) {
  std::vector<std::string> names;
  for (const IssueKey& key : wanted_details(facts, fleet, kNow, look_ahead)) {
    names.push_back(key.str());
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(WantedDetails, AllOfARepositoryThatMayStartBecauseDetailsSayWhichIsBest) {
  const Fleet fleet = scenario::fleet();
  EXPECT_EQ(wanted(scenario::poll_facts(fleet, {listed(2), listed(1)}), fleet),
            (Names{"acme/shop#1", "acme/shop#2"}));
}

TEST(WantedDetails, NoneWhereEverythingIsKnown) {
  const Fleet fleet = scenario::fleet();
  EXPECT_EQ(wanted(scenario::poll_facts(fleet, {scenario::issue(1)}), fleet), Names{});
}

TEST(WantedDetails, NoneWhereTheFleetIsFull) {
  Fleet fleet = scenario::fleet();
  fleet.limits.max_live_runs = 1;
  PollFacts facts = scenario::poll_facts(fleet, {listed(1)});
  jobs::Run live = scenario::run();
  live.issue.repo = RepoName("acme/lib");
  facts.live_runs = {live};
  EXPECT_EQ(wanted(facts, fleet), Names{});
}

TEST(WantedDetails, NoneOfARepositoryThatACheapGateStops) {
  const Fleet fleet = scenario::fleet();
  PollFacts facts = scenario::poll_facts(fleet, {listed(1), listed(1, "acme/lib")});
  facts.brakes = {{.scope = "repo:acme/shop", .reason = "x"}};
  EXPECT_EQ(wanted(facts, fleet), Names{"acme/lib#1"});
}

TEST(WantedDetails, OnlyAsFarAsSlotsReachButAheadWhereSomethingIsAskedAnyway) {
  Fleet fleet = scenario::fleet();
  fleet.limits.max_live_runs = 1;
  const PollFacts facts = scenario::poll_facts(
      fleet, {listed(1, "acme/lib"), listed(2, "acme/shop"), listed(3, "acme/web")});
  EXPECT_EQ(wanted(facts, fleet, 1), Names{"acme/lib#1"});
  EXPECT_EQ(wanted(facts, fleet, 2), (Names{"acme/lib#1", "acme/shop#2"}));
}

TEST(WantedDetails, TheNextRepositoryIsAskedWhenTheFirstCannotStart) {
  Fleet fleet = scenario::fleet();
  fleet.limits.max_live_runs = 1;
  Issue refused = scenario::issue(1, "acme/lib");
  refused.ready_by.permission = Permission::read;
  PollFacts facts = scenario::poll_facts(fleet, {refused, listed(2, "acme/shop")});
  EXPECT_EQ(wanted(facts, fleet, 1), Names{"acme/shop#2"});
  facts.repos.front().ready.clear();
  const PollFacts settled =
      scenario::poll_facts(fleet, {scenario::issue(1, "acme/lib"), listed(2, "acme/shop")});
  EXPECT_EQ(wanted(settled, fleet), Names{}) << "the slot is taken";
}

TEST(WantedDetails, Invariant15_WithoutDetailsNothingStartsAndEverythingHasOneReason) {
  Fleet fleet = scenario::fleet();
  fleet.limits.max_live_runs = 9;
  const auto decisions = dispatch(
      scenario::poll_facts(fleet, {listed(1), listed(2), listed(1, "acme/lib")}), fleet, kNow);
  ASSERT_EQ(decisions.size(), 3U);
  for (const Decision& decision : decisions) {
    EXPECT_FALSE(decision.selected()) << decision.issue.str();
    EXPECT_NE(decision.detail, "") << decision.issue.str();
    const auto failing = std::ranges::count(decision.gates, false, &GateValue::passed);
    EXPECT_GE(failing, 1);
    std::set<Reason> shown;
    for (const GateValue& gate : decision.gates) {
      EXPECT_TRUE(shown.insert(gate.gate).second) << to_string(gate.gate);
    }
    EXPECT_EQ(shown.size(), static_cast<std::size_t>(kReasonCount - 1));
  }
}

TEST(WantedDetails, RoundsEndAndDecideAsIfAllHadBeenKnown) {
  // Every issue is asked for at most once, whatever its details turn out to be.
  Fleet fleet = scenario::fleet();
  fleet.limits.max_live_runs = 2;
  for (unsigned pattern = 0; pattern < 64; ++pattern) {
    std::vector<Issue> whole;
    std::vector<Issue> flat;
    const std::string repos[] = {"acme/lib", "acme/shop", "acme/web"};
    for (unsigned i = 0; i < 6; ++i) {
      Issue issue = scenario::issue(static_cast<IssueNumber>(i + 1), repos[i / 2]);
      issue.ready_by.permission = (pattern >> i & 1U) != 0 ? Permission::write : Permission::read;
      whole.push_back(issue);
      flat.push_back(listed(issue.key.number, repos[i / 2]));
    }
    PollFacts facts = scenario::poll_facts(fleet, flat);
    int rounds = 0;
    for (auto keys = wanted_details(facts, fleet, kNow, 1); !keys.empty();
         keys = wanted_details(facts, fleet, kNow, 1)) {
      ASSERT_LT(++rounds, 7) << pattern;
      for (RepoFacts& repo : facts.repos) {
        for (Issue& issue : repo.ready) {
          if (std::ranges::find(keys, issue.key) != keys.end()) {
            issue = *std::ranges::find(whole, issue.key, &Issue::key);
          }
        }
      }
    }
    const auto asked = dispatch(facts, fleet, kNow);
    const auto known = dispatch(scenario::poll_facts(fleet, whole), fleet, kNow);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      EXPECT_EQ(asked[i].selected(), known[i].selected()) << pattern << asked[i].issue.str();
    }
  }
}

}  // namespace
}  // namespace jobs

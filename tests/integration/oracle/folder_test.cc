// What the oracle reads from a real installation is what was done there.
#include <gtest/gtest.h>

#include "tests/oracle/judge.h"
#include "tests/oracle/observe_folder.h"
#include "tests/support/small_fleet.h"

namespace {

using test_support::SmallFleet;

oracle::Place place_of(const SmallFleet& fleet) {
  oracle::Place place;
  place.state_dir = fleet.folder() + "/state";
  place.issues_dir = fleet.folder() + "/issues";
  place.remotes = {{"acme/shop", fleet.remote("acme/shop")}};
  place.agent_log = fleet.folder() + "/agent.log";
  place.notifications = fleet.folder() + "/pager.jsonl";
  return place;
}

TEST(OracleFolder, ReadsALandedRunAndFindsNothing) {
  SmallFleet fleet;
  fleet.scripted("coder", {"commits", "2", "usage", R"({"usd": "0.10", "tokens": 1000})"});
  fleet.repo("acme/shop", "coder");
  fleet.issue("acme/shop", 1);
  fleet.write();
  const oracle::Observation before = oracle::observe_folder(place_of(fleet));
  EXPECT_FALSE(before.has_state);
  ASSERT_TRUE(fleet.tick_until_quiet());
  const oracle::Observation after = oracle::observe_folder(place_of(fleet));
  ASSERT_EQ(after.runs.size(), 1U);
  EXPECT_EQ(after.runs[0].outcome, "landed");
  EXPECT_EQ(after.runs[0].landings, 1);
  EXPECT_EQ(after.starts.at({after.runs[0].id, 1}), 1);
  EXPECT_EQ(after.remotes.at("acme/shop").base.size(), 4U) << "first, two commits, the merge";
  ASSERT_TRUE(after.issues.contains({"acme/shop", 1}));
  EXPECT_FALSE(after.issues.at({"acme/shop", 1}).open);
  EXPECT_EQ(after.issues.at({"acme/shop", 1}).comments.size(), 1U);
  EXPECT_GE(after.ledger.size(), 2U);
  EXPECT_GT(after.lease_epoch, 0);
  EXPECT_EQ(oracle::describe(oracle::judge_quiet(after, {})), "");
  EXPECT_EQ(oracle::describe(oracle::judge_between(before, after)), "");
}

TEST(OracleFolder, SeesTheProcessesOfATurnAndWhatWasKept) {
  SmallFleet fleet;
  fleet.scripted("coder", {"commits", "1", "hang"});
  fleet.repo("acme/shop", "coder");
  fleet.issue("acme/shop", 1);
  fleet.write();
  (void)fleet.tick();
  ASSERT_TRUE(fleet.tick_until([&] { return fleet.agent_starts() == 1; }));
  const oracle::Observation working = oracle::observe_folder(place_of(fleet));
  ASSERT_FALSE(working.processes.empty());
  EXPECT_EQ(working.processes[0].turn, working.runs.at(0).id + "/1");
  EXPECT_EQ(oracle::describe(oracle::judge_always(working, {})), "");
  EXPECT_NE(oracle::describe(oracle::judge_quiet(working, {})), "") << "it is not quiet";
  (void)fleet.run({"runs", "cancel", working.runs[0].id, "--why", "enough"});
  ASSERT_TRUE(fleet.tick_until_quiet());
  const oracle::Observation after = oracle::observe_folder(place_of(fleet));
  EXPECT_EQ(after.rescue_refs.size(), 1U);
  EXPECT_EQ(oracle::describe(oracle::judge_quiet(after, {})), "");
}

}  // namespace

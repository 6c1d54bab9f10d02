#include <gtest/gtest.h>

#include "jobs/pipelines/run_change.h"
#include "jobs/pipelines/transition.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::effects_of;
using scenario::kNow;
using scenario::oid;

const Fleet& fleet() {
  static const Fleet one = scenario::fleet();
  return one;
}

Change land(LandResult result, jobs::Run run = scenario::run(), const std::string& cap = "") {
  run.step = run.step == RunStep::turning ? RunStep::landing : run.step;
  run.stage = "land";
  return after_landing(run, result, default_pipeline(), fleet(),
                       {.reached_cap = cap, .parked = {}, .not_before = {}}, kNow);
}

TEST(AfterLanding, LandedIsWatched) {
  const Change change = land({.kind = LandResult::Kind::landed, .commit = oid('c')});
  const jobs::Run& run = change.runs.at(0);
  EXPECT_EQ(run.step, RunStep::watching);
  EXPECT_EQ(run.stage, "ci");
  EXPECT_EQ(run.landed, oid('c'));
  EXPECT_EQ(run.landings, 1);
  EXPECT_EQ(run.landed_at, kNow);
  EXPECT_EQ(run.head, oid('c'));
  EXPECT_EQ(effects_of(change, EffectKind::start_ci).size(), 1U);
}

TEST(AfterLanding, Invariant10_AMovedBaseIsVerifiedAgain) {
  jobs::Run run = scenario::run();
  run.verified_tree = oid('e');
  const LandResult moved{
      .kind = LandResult::Kind::needs_verify, .commit = {}, .head = oid('5'), .base = oid('6')};
  const Change change = land(moved, run);
  EXPECT_TRUE(change.runs.at(0).verified_tree.empty()) << "what was verified is not this";
  EXPECT_EQ(change.runs.at(0).head, oid('5'));
  ASSERT_EQ(change.turns.size(), 1U);
  EXPECT_EQ(change.turns[0].kind, TurnKind::command);
  EXPECT_EQ(change.turns[0].head_before, oid('5'));
  run.land_attempts = fleet().limits.land_attempts - 1;
  EXPECT_EQ(land(moved, run).runs.at(0).outcome, Outcome::needs_human) << "bounded";
  Pipeline bare = default_pipeline();
  bare.stages.erase(bare.stages.begin() + 1);
  run.land_attempts = 0;
  EXPECT_EQ(after_landing(run, moved, bare, fleet(), {}, kNow).runs.at(0).outcome,
            Outcome::needs_human)
      << "nothing could verify it, and waiting would be for ever";
}

TEST(AfterLanding, AConflictIsLandedAgainLaterWhileTheAgentIsParked) {
  const LandResult conflict{
      .kind = LandResult::Kind::conflict, .commit = {}, .head = {}, .base = {}, .files = {"a.c"}};
  jobs::Run run = scenario::run();
  run.step = RunStep::landing;
  run.stage = "land";
  run.land_attempts = fleet().limits.land_attempts - 1;
  FurtherTurn further{.reached_cap = {},
                      .parked = "agent:coder is parked until noon: quota",
                      .not_before = kNow + std::chrono::hours(1)};
  const Change change = after_landing(run, conflict, default_pipeline(), fleet(), further, kNow);
  EXPECT_TRUE(change.turns.empty()) << "nobody asks a parked agent";
  const jobs::Run& waits = change.runs.at(0);
  EXPECT_EQ(waits.step, RunStep::waiting);
  EXPECT_EQ(waits.not_before, further.not_before);
  EXPECT_EQ(waits.land_attempts, run.land_attempts) << "it is not the issue's failure";
  RunView view;
  view.run = waits;
  view.issue = scenario::issue(1);
  EXPECT_EQ(next_action(view, default_pipeline(), fleet().limits, fleet().labels,
                        further.not_before - std::chrono::seconds(1))
                .kind,
            ActionKind::wait);
  const Action again =
      next_action(view, default_pipeline(), fleet().limits, fleet().labels, further.not_before);
  EXPECT_EQ(again.kind, ActionKind::land) << to_string(again.kind);
  further.reached_cap = "run_turns";
  EXPECT_EQ(
      after_landing(run, conflict, default_pipeline(), fleet(), further, kNow).runs.at(0).outcome,
      Outcome::needs_human)
      << "no time will help";
}

TEST(AfterLanding, AConflictGoesToTheAgentWithinItsBounds) {
  const LandResult conflict{.kind = LandResult::Kind::conflict,
                            .commit = {},
                            .head = {},
                            .base = oid('6'),
                            .files = {"a.c", "b.c"}};
  const Change change = land(conflict);
  ASSERT_EQ(change.turns.size(), 1U);
  EXPECT_EQ(change.turns[0].kind, TurnKind::corrective);
  EXPECT_NE(change.turns[0].correction.find("b.c"), std::string::npos);
  EXPECT_EQ(change.ledger.size(), 1U);
  jobs::Run run = scenario::run();
  run.land_attempts = fleet().limits.land_attempts - 1;
  EXPECT_EQ(land(conflict, run).runs.at(0).outcome, Outcome::needs_human);
  run.landings = 1;
  EXPECT_EQ(land(conflict, run).runs.at(0).outcome, Outcome::frozen);
}

TEST(AfterLanding, Invariant5_AConflictAtACapPlansNoTurn) {
  const Change change = land({.kind = LandResult::Kind::conflict, .files = {"a.c"}},
                             scenario::run(), "the fleet used 400 of 400 turns");
  EXPECT_TRUE(change.turns.empty());
  EXPECT_TRUE(change.ledger.empty());
  EXPECT_EQ(change.runs.at(0).outcome, Outcome::needs_human);
  EXPECT_FALSE(change.runs.at(0).charged);
}

TEST(AfterLanding, RejectedGoesToAPersonWithTheRule) {
  const Change change =
      land({.kind = LandResult::Kind::rejected, .rule = "protected-path", .message = ".github/x"});
  EXPECT_EQ(change.runs.at(0).outcome, Outcome::needs_human);
  EXPECT_NE(change.runs.at(0).reason.find("protected-path"), std::string::npos);
}

TEST(AfterLanding, ARunThatIsOverOnlyRecordsWhatHappened) {
  jobs::Run run = scenario::run();
  run.step = RunStep::ending;
  run.outcome = Outcome::cancelled;
  for (const auto kind : {LandResult::Kind::landed, LandResult::Kind::needs_verify,
                          LandResult::Kind::conflict, LandResult::Kind::rejected}) {
    const Change change = land({.kind = kind, .commit = oid('c')}, run);
    EXPECT_EQ(change.runs.at(0).step, RunStep::ending);
    EXPECT_TRUE(change.effects.empty());
    EXPECT_TRUE(change.turns.empty());
  }
}

}  // namespace
}  // namespace jobs

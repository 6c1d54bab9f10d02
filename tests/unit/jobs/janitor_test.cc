#include <gtest/gtest.h>

#include "jobs/ticks/plan.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::kNow;

const Fleet& fleet() {
  static const Fleet one = scenario::fleet();
  return one;
}

jobs::Run ended(Outcome outcome, Duration ago) {
  jobs::Run run = scenario::run();
  run.step = RunStep::ended;
  run.outcome = outcome;
  run.ended_at = kNow - ago;
  return run;
}

std::size_t releases(const JanitorFacts& facts) {
  return scenario::effects_of(janitor(facts, fleet(), kNow).plan.change,
                              EffectKind::release_worktree)
      .size();
}

TEST(Janitor, AWorktreeIsReleasedOnceItsRunIsOver) {
  JanitorFacts facts;
  facts.runs = {scenario::run()};
  EXPECT_EQ(releases(facts), 0U) << "live";
  facts.runs = {ended(Outcome::landed, Duration(1))};
  EXPECT_EQ(releases(facts), 1U);
  facts.runs = {ended(Outcome::cancelled, Duration(1))};
  EXPECT_EQ(releases(facts), 1U);
  facts.runs[0].worktree_released = true;
  EXPECT_EQ(releases(facts), 0U) << "released already";
  facts.runs[0].worktree_released = false;
  facts.runs[0].worktree.clear();
  EXPECT_EQ(releases(facts), 0U) << "never made";
}

TEST(Janitor, AnEndingRunKeepsItsWorktree) {
  JanitorFacts facts;
  facts.runs = {ended(Outcome::landed, scenario::hours(1))};
  facts.runs[0].step = RunStep::ending;
  EXPECT_EQ(releases(facts), 0U);
}

TEST(Janitor, Invariant14_WhatAPersonWillLookAtStays) {
  for (const Outcome outcome : {Outcome::needs_human, Outcome::frozen}) {
    JanitorFacts facts;
    const Duration kept = fleet().retention.kept_worktrees;
    facts.runs = {ended(outcome, kept - Duration(1))};
    EXPECT_EQ(releases(facts), 0U) << to_string(outcome);
    facts.runs = {ended(outcome, kept)};
    EXPECT_EQ(releases(facts), 1U) << "released: the writer rescues first";
  }
}

TEST(Janitor, ARequestThatIsPendingIsNotMadeAgain) {
  JanitorFacts facts;
  facts.runs = {ended(Outcome::landed, Duration(1))};
  OutboxRow row;
  row.effect.kind = EffectKind::release_worktree;
  row.effect.run = facts.runs[0].id;
  facts.outbox = {row};
  EXPECT_EQ(releases(facts), 0U);
}

TEST(NeverAgain, OrphanWorktreesAreFound) {
  JanitorFacts facts;
  facts.runs = {scenario::run()};
  facts.worktrees = {{.repo = {}, .path = "/w/1", .run = scenario::run().id.str(), .branch = "b"},
                     {.repo = {}, .path = "/w/2", .run = "r01nobody", .branch = "b"},
                     {.repo = {}, .path = "/w/3", .run = "", .branch = ""}};
  const JanitorPlan plan = janitor(facts, fleet(), kNow);
  ASSERT_EQ(plan.orphan_worktrees.size(), 1U);
  EXPECT_EQ(plan.orphan_worktrees[0].path, "/w/2") << "an idle one of the pool is no orphan";
}

TEST(Janitor, Invariant4_AWorktreeThatNoRowSpeaksOfIsAnOrphan) {
  JanitorFacts facts;
  facts.runs = {ended(Outcome::cancelled, Duration(1))};
  facts.worktrees = {{.repo = {}, .path = "/w/1", .run = scenario::run().id.str(), .branch = "b"}};
  EXPECT_TRUE(janitor(facts, fleet(), kNow).orphan_worktrees.empty()) << "it will be released";
  facts.runs[0].worktree_released = true;
  EXPECT_EQ(janitor(facts, fleet(), kNow).orphan_worktrees.size(), 1U) << "made once more";
  facts.runs[0].worktree_released = false;
  facts.runs[0].worktree.clear();
  EXPECT_EQ(janitor(facts, fleet(), kNow).orphan_worktrees.size(), 1U) << "its answer was lost";
  facts.runs[0].step = RunStep::preparing;
  EXPECT_TRUE(janitor(facts, fleet(), kNow).orphan_worktrees.empty()) << "just being made";
}

TEST(Janitor, Invariant6_WhatAnEarlierTurnOfALiveRunLeftIsReaped) {
  JanitorFacts facts;
  facts.runs = {scenario::run()};
  const std::string turns = "/state/turns/" + scenario::run().id.str();
  facts.turn_directories = {turns + "/1", turns + "/2"};
  facts.live_turn_directories = {turns + "/2"};
  const JanitorPlan plan = janitor(facts, fleet(), kNow);
  EXPECT_EQ(plan.reap_turns, std::vector<std::string>{turns + "/1"});
  EXPECT_TRUE(plan.remove_turns.empty());
}

TEST(Janitor, TurnDirectoriesGoAfterTheirRetention) {
  JanitorFacts facts;
  const std::string directory = "/state/turns/" + scenario::run().id.str() + "/1";
  facts.turn_directories = {directory};
  facts.runs = {scenario::run()};
  JanitorPlan plan = janitor(facts, fleet(), kNow);
  EXPECT_TRUE(plan.remove_turns.empty());
  EXPECT_EQ(plan.reap_turns, facts.turn_directories)
      << "the run lives, but this turn is over: what it left must not work beside the next one";
  facts.runs = {ended(Outcome::landed, scenario::hours(1))};
  plan = janitor(facts, fleet(), kNow);
  EXPECT_TRUE(plan.remove_turns.empty());
  EXPECT_EQ(plan.reap_turns, facts.turn_directories) << "what it left behind is killed";
  facts.runs = {ended(Outcome::landed, fleet().retention.transcripts)};
  plan = janitor(facts, fleet(), kNow);
  EXPECT_EQ(plan.remove_turns, facts.turn_directories);
  facts.live_turn_directories = {directory};
  plan = janitor(facts, fleet(), kNow);
  EXPECT_TRUE(plan.remove_turns.empty() && plan.reap_turns.empty()) << "a live turn is not touched";
}

TEST(Janitor, AStrangersTurnIsReapedButItsFilesStay) {
  JanitorFacts facts;
  facts.turn_directories = {"/state/turns/r01nobody/3", "/", "x"};
  const JanitorPlan plan = janitor(facts, fleet(), kNow);
  EXPECT_TRUE(plan.remove_turns.empty());
  EXPECT_EQ(plan.reap_turns.size(), 3U);
  EXPECT_EQ(plan.notes.size(), 3U);
}

TEST(NeverAgain, ALabelWithoutARunIsNoticedInEveryTick) {
  JanitorFacts facts;
  facts.runs = {scenario::run()};
  facts.in_progress = {scenario::run().issue, {.repo = RepoName("acme/lib"), .number = 4}};
  const JanitorPlan plan = janitor(facts, fleet(), kNow);
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_NE(plan.notes[0].find("acme/lib#4"), std::string::npos);
}

}  // namespace
}  // namespace jobs

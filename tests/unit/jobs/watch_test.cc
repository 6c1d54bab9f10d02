#include <gtest/gtest.h>

#include "jobs/ticks/plan.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::kNow;
using scenario::landed;
using scenario::turning;

const Fleet& fleet() {
  static const Fleet one = scenario::fleet();
  return one;
}

TEST(Watch, LeavesRedToFixForward) {
  const RunView red = landed(Verdict::fail);
  const Plan watched = watch(red, fleet(), kNow);
  EXPECT_TRUE(watched.change.turns.empty());
  EXPECT_EQ(watched.steps.at(0).action, "wait");
  const Plan fixed = fix_forward(red, fleet(), kNow);
  EXPECT_EQ(fixed.steps.at(0).action, "roll-back");
  EXPECT_EQ(fixed.change.turns.size(), 1U);
}

TEST(Watch, LeavesTheFreezeToFixForward) {
  RunView red = landed(Verdict::fail);
  red.run.fix_attempts = fleet().limits.fix_attempts;
  EXPECT_EQ(watch(red, fleet(), kNow).steps.at(0).action, "wait");
  EXPECT_EQ(fix_forward(red, fleet(), kNow).change.runs.at(0).outcome, Outcome::frozen);
}

TEST(FixForward, TouchesNothingElse) {
  RunView view = turning();
  scenario::end_turn(view, TurnEnd::exited, 0, 1);
  EXPECT_TRUE(fix_forward(view, fleet(), kNow).change.empty());
  EXPECT_TRUE(fix_forward(landed(Verdict::pass), fleet(), kNow).change.empty());
  RunView cancelled = landed(Verdict::fail);
  cancelled.cancel_requested = "bob";
  EXPECT_TRUE(fix_forward(cancelled, fleet(), kNow).change.empty());
}

TEST(Watch, SettlesAndActsInOneRow) {
  RunView view = turning();
  scenario::end_turn(view, TurnEnd::exited, 0, 1);
  const Plan plan = watch(view, fleet(), kNow);
  ASSERT_EQ(plan.change.runs.size(), 1U);
  EXPECT_EQ(plan.change.runs[0].head, view.worktree->head) << "what was settled is in it";
  EXPECT_EQ(plan.change.runs[0].stage, "verify") << "and what was decided";
  EXPECT_EQ(plan.change.turns.size(), 2U) << "one ended, one planned";
  EXPECT_EQ(plan.change.turns[0].state, TurnState::ended);
  EXPECT_EQ(plan.change.turns[1].state, TurnState::planned);
}

TEST(Watch, Invariant16_NothingDueChangesNothing) {
  for (const RunView& view : {turning(), turning("verify"), landed(Verdict::pending)}) {
    EXPECT_TRUE(watch(view, fleet(), kNow).change.empty());
    EXPECT_TRUE(fix_forward(view, fleet(), kNow).change.empty());
  }
}

TEST(Watch, WhatCouldNotBeReadIsAProblemWithItsRun) {
  RunView view = turning();
  view.errors = {"the tracker is gone"};
  const Plan plan = watch(view, fleet(), kNow);
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_NE(plan.problems[0].find("acme/shop#1"), std::string::npos);
  EXPECT_NE(plan.problems[0].find(view.run.id.str()), std::string::npos);
}

TEST(Watch, ACancelledRunStopsItsTurn) {
  RunView view = turning();
  view.issue->labels.clear();
  const Plan plan = watch(view, fleet(), kNow);
  const auto stops = scenario::effects_of(plan.change, EffectKind::stop_turn);
  ASSERT_EQ(stops.size(), 1U);
  EXPECT_EQ(stops[0].turn, view.turn->number);
  EXPECT_EQ(plan.change.effects.front().kind, EffectKind::stop_turn) << "first of all";
}

TEST(Watch, APipelineThatLeftTheManifestsIsTheDefault) {
  RunView view = turning();
  view.run.pipeline = "gone";
  scenario::end_turn(view, TurnEnd::exited, 0, 1);
  EXPECT_EQ(watch(view, fleet(), kNow).change.runs.at(0).stage, "verify");
}

TEST(Watch, Invariant11_WhatIsWrongWithAWorktreeIsOneHarmlessLine) {
  RunView view = scenario::turning();
  scenario::end_turn(view, TurnEnd::exited, 0, 1);
  ASSERT_TRUE(view.worktree);
  view.worktree->problem = "on branch \x1b[31mevil\nand more";
  const Plan plan = watch(view, scenario::fleet(), scenario::kNow);
  const auto calls = scenario::effects_of(plan.change, EffectKind::notify);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].text.find_first_of("\x1b\n"), std::string::npos) << calls[0].text;
}

}  // namespace
}  // namespace jobs

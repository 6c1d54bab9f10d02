#include <gtest/gtest.h>

#include "jobs/pipelines/next_action.h"
#include "tests/support/scenario_values.h"

// What the verdict of CI on a landed commit leads to: the rows of next_action_test.cc that watch.
namespace jobs {
namespace {

using scenario::decide;
using scenario::kind;
using scenario::kNow;
using scenario::landed;
using scenario::minutes;
using scenario::tried;
using scenario::turning;

TEST(NextAction, GreenCloses) {
  EXPECT_EQ(kind(landed(Verdict::pass)), ActionKind::close);
}

TEST(NextAction, NoCiCloses) {
  RunView view = landed(Verdict::absent);
  view.has_ci = false;
  EXPECT_EQ(kind(view), ActionKind::close);
}

TEST(NextAction, RedWhileATurnRunsWaits) {
  RunView view = landed(Verdict::fail);
  view.run.step = RunStep::turning;
  view.run.stage = "implement";
  view.turn = scenario::turn(3, "implement");
  view.turn_facts = {};
  view.turn_facts.state = TurnFacts::State::running;
  view.turn_facts.started_at = kNow - minutes(1);
  EXPECT_EQ(kind(view), ActionKind::wait);
}

TEST(NextAction, RedStartsACorrectiveTurnOfTheAgent) {
  const Action action = decide(landed(Verdict::fail));
  EXPECT_EQ(action.kind, ActionKind::roll_back);
  EXPECT_EQ(action.stage, "implement");
  EXPECT_EQ(action.charge, Charge::fix);
  EXPECT_EQ(action.failing, std::vector<std::string>{"unit"});
  EXPECT_NE(action.correction.find("boom in unit"), std::string::npos);
}

TEST(NeverAgain, RedDoesNotAlwaysStartATurn) {
  RunView view = landed(Verdict::fail);
  tried(view, view.run.landed, "unit");
  EXPECT_EQ(kind(view), ActionKind::wait) << "this head and failing set was tried already";
  view.ci = scenario::ci(Verdict::fail, {"lint"});
  EXPECT_EQ(kind(view), ActionKind::roll_back) << "another failing set is a new signal";
  view = landed(Verdict::fail);
  tried(view, scenario::oid('9'), "unit");
  EXPECT_EQ(kind(view), ActionKind::roll_back) << "another head is a new signal";
}

TEST(NextAction, ARedThatWasThereBeforeIsWaitedForThenGivenToAPerson) {
  RunView view = landed(Verdict::fail);
  view.base_failing = {"unit"};
  view.run.first_red_at = kNow - Limits{}.base_red_deadline + minutes(1);
  EXPECT_EQ(kind(view), ActionKind::wait);
  view.run.first_red_at = kNow - Limits{}.base_red_deadline;
  const Action action = decide(view);
  EXPECT_EQ(action.kind, ActionKind::escalate);
  EXPECT_FALSE(action.charged);
  view.base_failing = {"lint"};
  view.run.first_red_at = kNow;
  EXPECT_EQ(kind(view), ActionKind::roll_back) << "another failing set is ours";
}

TEST(NextAction, BothBoundsOfFixForwardAreStrict) {
  RunView view = landed(Verdict::fail);
  view.run.fix_attempts = Limits{}.fix_attempts - 1;
  view.run.first_red_at = kNow - Limits{}.fix_window + std::chrono::milliseconds(1);
  EXPECT_EQ(kind(view), ActionKind::roll_back);
  view.run.fix_attempts = Limits{}.fix_attempts;
  EXPECT_EQ(kind(view), ActionKind::freeze);
  view.run.fix_attempts = 0;
  view.run.first_red_at = kNow - Limits{}.fix_window;
  EXPECT_EQ(kind(view), ActionKind::freeze);
  EXPECT_TRUE(decide(view).charged);
}

TEST(NextAction, AnAttemptedRedFreezesWhenABoundIsReached) {
  RunView view = landed(Verdict::fail);
  tried(view, view.run.landed, "unit");
  view.run.first_red_at = kNow - Limits{}.fix_window;
  EXPECT_EQ(kind(view), ActionKind::freeze) << "decision 0002: it must not wait for ever";
}

TEST(NextAction, PendingWaitsUntilTheDeadline) {
  RunView view = landed(Verdict::pending);
  view.run.landed_at = kNow - view.ci_deadline + minutes(1);
  EXPECT_EQ(kind(view), ActionKind::wait);
  view.run.landed_at = kNow - view.ci_deadline;
  EXPECT_EQ(kind(view), ActionKind::escalate);
}

TEST(NeverAgain, ACiThatNeverReportsIsNotPending) {
  RunView view = landed(Verdict::absent);
  EXPECT_EQ(kind(view), ActionKind::start_ci) << "perhaps its start was lost";
  view.run.not_before = kNow + minutes(1);
  EXPECT_EQ(kind(view), ActionKind::wait) << "not again before a while";
  view.run.landed_at = kNow - view.ci_deadline;
  EXPECT_EQ(kind(view), ActionKind::escalate);
  EXPECT_NE(decide(view).reason.find("never reported"), std::string::npos);
  view.ci.reset();
  EXPECT_EQ(kind(view), ActionKind::escalate) << "nor is one that cannot be read";
}

TEST(NextAction, ACiThatWasStoppedCallsAPersonAndSpendsNoTurn) {
  RunView view = landed(Verdict::stopped);
  view.ci->checks = {{.name = "unit", .verdict = Verdict::pass},
                     {.name = "deploy", .verdict = Verdict::stopped, .reason = "cancelled"}};
  const Action action = decide(view);
  EXPECT_EQ(action.kind, ActionKind::escalate);
  EXPECT_FALSE(action.charged);
  EXPECT_NE(action.reason.find(": deploy (cancelled); run it again"), std::string::npos)
      << action.reason;
}

TEST(NextAction, APendingCiSaysWhatItWaitsFor) {
  RunView view = landed(Verdict::pending);
  view.ci->checks = {
      {.name = "unit", .verdict = Verdict::pending},
      {.name = "deploy", .verdict = Verdict::pending, .reason = "waits for an approval"},
      {.name = "lint", .verdict = Verdict::absent}};
  EXPECT_EQ(decide(view).reason,
            "CI is running: deploy (waits for an approval); not reported yet: lint");
  view.run.landed_at = kNow - view.ci_deadline;
  EXPECT_EQ(decide(view).reason, "CI never reported within 1h of the landing: lint");
  view.ci->checks.pop_back();
  EXPECT_EQ(decide(view).reason,
            "CI did not end within 1h of the landing: deploy (waits for an approval)");
}

}  // namespace
}  // namespace jobs

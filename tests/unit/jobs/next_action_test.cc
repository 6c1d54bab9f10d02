#include "jobs/pipelines/next_action.h"

#include <gtest/gtest.h>

#include "tests/support/scenario_values.h"

// The table of DESIGN section 6, row by row. What holds for every view at once is in
// next_action_sweep_test.cc.
namespace jobs {
namespace {

using scenario::decide;
using scenario::kind;
using scenario::kNow;
using scenario::landed;
using scenario::minutes;
using scenario::tried;
using scenario::turning;

RunView ended(TurnEnd end, int exit_code, int commits, const std::string& stage = "implement") {
  RunView view = turning(stage);
  scenario::end_turn(view, end, exit_code, commits);
  return view;
}

TEST(NextAction, APersonsWillCancels) {
  for (const RunView& start : {turning(), turning("verify"), landed(Verdict::fail)}) {
    RunView view = start;
    view.issue->labels = {"agent-in-progress"};
    EXPECT_EQ(kind(view), ActionKind::cancel) << "label off";
    view = start;
    view.allowlisted = false;
    EXPECT_EQ(kind(view), ActionKind::cancel) << "left the allowlist";
    view = start;
    view.cancel_requested = "cancelled by bob";
    EXPECT_EQ(kind(view), ActionKind::cancel);
    EXPECT_NE(decide(view).reason.find("bob"), std::string::npos);
    view = start;
    view.issue.reset();
    view.issue_missing = true;
    EXPECT_EQ(kind(view), ActionKind::cancel) << "issue gone";
    view.issue_missing = false;
    EXPECT_NE(kind(view), ActionKind::cancel) << "an unreadable tracker is no person's will";
  }
  RunView closed = turning();
  closed.issue->open = false;
  closed.issue->labels.clear();
  EXPECT_EQ(kind(closed), ActionKind::cancel);
  closed = landed(Verdict::pending);
  closed.issue->open = false;
  closed.issue->labels.clear();
  EXPECT_EQ(kind(closed), ActionKind::wait) << "forges close an issue when its commit lands";
  RunView unreadable = turning();
  unreadable.issue->labels.clear();
  unreadable.issue->problem = "1.md: not UTF-8";
  EXPECT_EQ(kind(unreadable), ActionKind::wait) << "labels that cannot be read right prove nothing";
}

TEST(NextAction, Invariant6_ATurnPastItsDeadlineIsStoppedOnce) {
  RunView view = turning();
  const Limits limits;
  const Duration all = limits.turn_deadline + limits.turn_grace + std::chrono::seconds(60);
  view.turn_facts.started_at = kNow - all + std::chrono::seconds(1);
  EXPECT_EQ(kind(view), ActionKind::wait);
  view.turn_facts.started_at = kNow - all;
  EXPECT_EQ(kind(view), ActionKind::stop_turn);
  view.stop_asked = kNow;
  EXPECT_EQ(kind(view), ActionKind::wait) << "it was asked just now";
  view.stop_asked = kNow - limits.turn_grace - std::chrono::seconds(60);
  EXPECT_EQ(kind(view), ActionKind::stop_turn) << "asking was of no use";
}

TEST(NextAction, Invariant6_AClockThatWasSetMakesNoTurnOlderOrYounger) {
  RunView view = turning();
  const Limits limits;
  const Duration all = limits.turn_deadline + limits.turn_grace + std::chrono::seconds(60);
  view.turn_facts.started_at = kNow - 2 * all;
  view.turn_facts.age = all - std::chrono::seconds(1);
  EXPECT_EQ(kind(view), ActionKind::wait);
  view.turn_facts.started_at = kNow + 2 * all;
  view.turn_facts.age = all;
  EXPECT_EQ(kind(view), ActionKind::stop_turn);
}

TEST(NextAction, AVerifyHasItsOwnDeadline) {
  RunView view = turning("verify");
  view.turn_facts.started_at = kNow - Limits{}.verify_deadline - minutes(2);
  EXPECT_EQ(kind(view), ActionKind::stop_turn);
}

TEST(NextAction, AnInstancesFailureIsRetriedAndNotCharged) {
  for (const TurnEnd end : {TurnEnd::lost, TurnEnd::not_started, TurnEnd::stopped}) {
    RunView view = ended(end, 0, 0);
    const Action action = decide(view);
    EXPECT_EQ(action.kind, ActionKind::retry_later) << to_string(end);
    EXPECT_EQ(action.charge, Charge::instance);
    EXPECT_EQ(action.until, kNow + minutes(1));
    view.run.instance_retries = 2;
    EXPECT_EQ(decide(view).until, kNow + minutes(4)) << "it doubles";
    view.run.instance_retries = Limits{}.instance_retries;
    EXPECT_EQ(kind(view), ActionKind::escalate) << "bounded";
    EXPECT_FALSE(decide(view).charged);
    EXPECT_EQ(decide(view).brake_agent, end == TurnEnd::not_started ? "claude" : "");
  }
}

TEST(NeverAgain, ExitZeroWithoutCommitsIsNoSuccess) {
  EXPECT_EQ(kind(ended(TurnEnd::exited, 0, 0)), ActionKind::escalate);
  RunView old_commits = ended(TurnEnd::exited, 0, 3);
  old_commits.turn->head_before = old_commits.worktree->head;
  EXPECT_EQ(kind(old_commits), ActionKind::escalate) << "commits of an earlier turn are not new";
  EXPECT_EQ(kind(ended(TurnEnd::exited, 0, 1)), ActionKind::advance);
}

TEST(NextAction, HoweverATurnEndsCommitsAloneDoNotOpenTheGate) {
  for (const TurnEnd end : {TurnEnd::signalled, TurnEnd::deadline, TurnEnd::silent,
                            TurnEnd::first_byte, TurnEnd::over_budget, TurnEnd::lingered}) {
    EXPECT_EQ(kind(ended(end, 0, 2)), ActionKind::escalate) << to_string(end);
    EXPECT_EQ(kind(ended(end, 0, 0)), ActionKind::escalate) << to_string(end);
  }
  EXPECT_EQ(kind(ended(TurnEnd::exited, 1, 2)), ActionKind::escalate);
}

TEST(NextAction, BlockedGoesToAPersonWithItsWords) {
  RunView view = ended(TurnEnd::exited, 0, 2);
  view.turn_facts.blocked = "no such table \x1b[2J";
  const Action action = decide(view);
  EXPECT_EQ(action.kind, ActionKind::escalate);
  EXPECT_NE(action.reason.find("no such table"), std::string::npos);
  EXPECT_EQ(action.reason.find('\x1b'), std::string::npos) << "invariant 11";
}

TEST(NextAction, Invariant10_ARewrittenBranchIsNotJudged) {
  for (const char* stage : {"implement", "verify"}) {
    RunView view = ended(TurnEnd::exited, 0, 2, stage);
    view.worktree->base_is_ancestor = false;
    EXPECT_EQ(kind(view), ActionKind::escalate) << stage;
    view = ended(TurnEnd::exited, 0, 2, stage);
    view.worktree->problem = "the folder was filled by hand";
    EXPECT_EQ(kind(view), ActionKind::escalate) << stage;
    view.worktree.reset();
    EXPECT_EQ(kind(view), ActionKind::wait) << "unreadable is not wrong";
  }
}

TEST(NextAction, AGreenVerifyLandsAndARedOneGoesBack) {
  Action action = decide(ended(TurnEnd::exited, 0, 1, "verify"));
  EXPECT_EQ(action.kind, ActionKind::advance);
  EXPECT_EQ(action.stage, "land");
  RunView red = ended(TurnEnd::exited, 2, 1, "verify");
  red.turn_facts.output_tail = "assertion failed";
  action = decide(red);
  EXPECT_EQ(action.kind, ActionKind::roll_back);
  EXPECT_EQ(action.stage, "implement");
  EXPECT_EQ(action.charge, Charge::verify);
  EXPECT_NE(action.correction.find("assertion failed"), std::string::npos);
  red.run.verify_attempts = Limits{}.verify_attempts;
  EXPECT_EQ(kind(red), ActionKind::escalate);
  red.run.verify_attempts = 1;
  tried(red, red.turn->head_before, "verify");
  EXPECT_EQ(kind(red), ActionKind::escalate) << "one corrective turn per new head";
}

TEST(NextAction, Invariant10_ABranchThatMovedUnderTheVerifyIsVerifiedAgain) {
  RunView view = ended(TurnEnd::exited, 0, 1, "verify");
  view.worktree->head = scenario::oid('f');
  EXPECT_EQ(kind(view), ActionKind::retry_later);
}

TEST(NextAction, ARedVerifyAfterALandingIsAFixForwardAttempt) {
  RunView view = ended(TurnEnd::exited, 2, 1, "verify");
  view.run.landings = 1;
  view.run.first_red_at = kNow - minutes(5);
  EXPECT_EQ(decide(view).charge, Charge::fix);
  view.run.fix_attempts = Limits{}.fix_attempts;
  EXPECT_EQ(kind(view), ActionKind::freeze);
}

TEST(NextAction, AFixThatBringsNothingGoesBackToWatching) {
  RunView view = ended(TurnEnd::exited, 0, 0);
  view.run.landings = 1;
  EXPECT_EQ(kind(view), ActionKind::watch_ci);
}

TEST(NextAction, Invariant5_NoTurnOfAnAgentIsPlannedAtACap) {
  RunView red = landed(Verdict::fail);
  red.reached_cap = "this run used 12 of 12 turns";
  EXPECT_EQ(kind(red), ActionKind::freeze);
  EXPECT_FALSE(decide(red).charged) << "the issue is not to blame";
  RunView verify = ended(TurnEnd::exited, 2, 1, "verify");
  verify.reached_cap = red.reached_cap;
  EXPECT_EQ(kind(verify), ActionKind::escalate);
  RunView waiting = turning();
  waiting.run.step = RunStep::waiting;
  waiting.run.not_before = kNow;
  EXPECT_EQ(kind(waiting), ActionKind::start_turn);
  waiting.reached_cap = red.reached_cap;
  EXPECT_EQ(kind(waiting), ActionKind::escalate) << "a retry is a turn as well";
  EXPECT_FALSE(decide(waiting).charged);
  waiting.run.stage = "verify";
  EXPECT_EQ(kind(waiting), ActionKind::start_turn) << "a command costs nothing";
}

TEST(NextAction, Invariant5_ALongerPipelineStopsAtACapBetweenAgents) {
  Pipeline pipeline = default_pipeline();
  pipeline.stages.insert(pipeline.stages.begin() + 1,
                         {.name = "review", .kind = StageKind::agent, .agent = {}, .command = {}});
  RunView view = ended(TurnEnd::exited, 0, 1);
  EXPECT_EQ(next_action(view, pipeline, Limits{}, Labels{}, kNow).stage, "review");
  view.reached_cap = "reached";
  EXPECT_EQ(next_action(view, pipeline, Limits{}, Labels{}, kNow).kind, ActionKind::escalate);
}

TEST(Stages, AreFoundByNameAndOrder) {
  const Pipeline pipeline = default_pipeline();
  EXPECT_EQ(stage_named(pipeline, "land").name, "land");
  EXPECT_EQ(stage_named(pipeline, "gone").name, "implement");
  EXPECT_EQ(stage_after(pipeline, "verify")->name, "land");
  EXPECT_EQ(stage_after(pipeline, "ci"), nullptr);
  EXPECT_EQ(stage_after(pipeline, "gone"), nullptr);
  EXPECT_EQ(agent_stage_before(pipeline, "ci").name, "implement");
  EXPECT_EQ(agent_stage_before(pipeline, "implement").name, "implement");
}

}  // namespace
}  // namespace jobs

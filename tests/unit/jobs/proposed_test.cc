#include <gtest/gtest.h>

#include "jobs/pipelines/next_action.h"
#include "jobs/pipelines/pull_text.h"
#include "tests/support/scenario_values.h"

// What happens to a run whose pull request is open, row by row.
namespace jobs {
namespace {

using scenario::decide;
using scenario::kNow;
using scenario::minutes;
using scenario::oid;

RunView open_pull(Verdict verdict = Verdict::pass) {
  RunView view = scenario::turning("verify");
  scenario::end_turn(view, TurnEnd::exited, 0, 1);
  view.turn->state = TurnState::ended;
  view.worktree.reset();
  view.run.stage = "land";
  view.run.step = RunStep::proposed;
  view.run.head = oid('a');
  view.run.verified_base = oid('b');
  view.by_pull = true;
  view.pull_read = true;
  view.pull = PullFacts{.number = 7, .url = "https://forge/7", .head = oid('a')};
  view.ci = scenario::ci(verdict, verdict == Verdict::fail ? std::vector<std::string>{"unit"}
                                                           : std::vector<std::string>{});
  return view;
}

TEST(Proposed, WaitsForAPersonUnlessTheManifestSaysOtherwise) {
  const Action action = decide(open_pull());
  EXPECT_EQ(action.kind, ActionKind::wait);
  EXPECT_NE(action.reason.find("#7"), std::string::npos);
  EXPECT_NE(action.reason.find("person"), std::string::npos);
}

TEST(Proposed, MergesWhatIsGreenAndUpToDate) {
  RunView view = open_pull();
  view.merges = true;
  view.base_now = oid('b');
  EXPECT_EQ(decide(view).kind, ActionKind::merge);
  EXPECT_EQ(decide(view).pull, 7);
  for (const Verdict verdict :
       {Verdict::fail, Verdict::stopped, Verdict::pending, Verdict::absent}) {
    view.ci = scenario::ci(verdict, {});
    EXPECT_NE(decide(view).kind, ActionKind::merge) << to_string(verdict);
  }
  view.ci.reset();
  EXPECT_EQ(decide(view).kind, ActionKind::wait) << "CI could not be read";
  view.has_ci = false;
  EXPECT_EQ(decide(view).kind, ActionKind::merge) << "there is no CI to be green";
}

TEST(Invariant10, NothingIsMergedOverABaseThatWasNotVerified) {
  RunView view = open_pull();
  view.merges = true;
  EXPECT_EQ(decide(view).kind, ActionKind::wait) << "the base is not known";
  view.base_now = oid('9');
  const Action action = decide(view);
  EXPECT_EQ(action.kind, ActionKind::land);
  EXPECT_TRUE(action.merged.empty());
}

TEST(Proposed, AMergeByAnybodyIsALanding) {
  RunView view = open_pull();
  view.pull->state = PullFacts::State::merged;
  view.pull->merged = oid('f');
  EXPECT_EQ(decide(view).kind, ActionKind::land);
  EXPECT_EQ(decide(view).merged, oid('f'));
  view.issue->open = false;
  view.issue->labels.clear();
  EXPECT_EQ(decide(view).kind, ActionKind::land) << "forges close the issue themselves";
  view.run.step = RunStep::landing;
  EXPECT_EQ(decide(view).kind, ActionKind::wait) << "and it is not cancelled meanwhile";
  view.pull.reset();
  view.pull_read = false;
  EXPECT_EQ(decide(view).kind, ActionKind::wait) << "what cannot be read may be a merge";
  view.pull_read = true;
  EXPECT_EQ(decide(view).kind, ActionKind::cancel);
}

TEST(Proposed, AClosedPullRequestIsForAPerson) {
  RunView view = open_pull();
  view.pull->state = PullFacts::State::closed;
  EXPECT_EQ(decide(view).kind, ActionKind::escalate);
  view = open_pull();
  view.issue->open = false;
  EXPECT_EQ(decide(view).kind, ActionKind::cancel) << "its issue was closed, it was not merged";
}

TEST(Proposed, RedGoesBackToTheAgentOncePerHeadAndBounded) {
  RunView view = open_pull(Verdict::fail);
  const Action action = decide(view);
  EXPECT_EQ(action.kind, ActionKind::roll_back);
  EXPECT_EQ(action.charge, Charge::verify);
  EXPECT_NE(action.correction.find("boom in unit"), std::string::npos);
  EXPECT_FALSE(belongs_to_fix_forward(view, action));
  view.attempts.push_back({.issue = view.run.issue,
                           .head = oid('a'),
                           .failing_set = "unit",
                           .run = view.run.id,
                           .at = kNow});
  EXPECT_EQ(decide(view).kind, ActionKind::escalate);
  view = open_pull(Verdict::fail);
  view.run.verify_attempts = Limits{}.verify_attempts;
  EXPECT_EQ(decide(view).kind, ActionKind::escalate);
  view = open_pull(Verdict::fail);
  view.reached_cap = "run_turns";
  EXPECT_EQ(decide(view).kind, ActionKind::escalate) << "invariant 5";
}

TEST(Proposed, WhatSomebodyPushedToItIsTheirs) {
  RunView view = open_pull(Verdict::fail);
  view.merges = true;
  view.base_now = oid('b');
  view.pull->head = oid('9');
  EXPECT_EQ(decide(view).kind, ActionKind::wait);
}

TEST(Proposed, AConflictIsLandedAgainOnlyWhereTheBaseMoved) {
  RunView view = open_pull();
  view.pull->conflicts = true;
  view.base_now = oid('b');
  EXPECT_EQ(decide(view).kind, ActionKind::wait) << "some forges say so until they have looked";
  view.base_now = oid('9');
  EXPECT_EQ(decide(view).kind, ActionKind::land);
}

TEST(Proposed, WhatIsNotToBeSeenIsWaitedForAWhile) {
  RunView view = open_pull();
  view.pull.reset();
  view.run.updated_at = kNow - minutes(1);
  EXPECT_EQ(decide(view).kind, ActionKind::wait);
  view.run.updated_at = kNow - minutes(10);
  EXPECT_EQ(decide(view).kind, ActionKind::land);
  view.pull_read = false;
  EXPECT_EQ(decide(view).kind, ActionKind::wait);
  view.effects_pending = true;
  view.pull_read = true;
  EXPECT_EQ(decide(view).kind, ActionKind::wait);
}

TEST(PullText, NamesRunAndIssueAndNothingOfTheIssueButItsTitle) {
  jobs::Run run = scenario::run();
  run.title = "Fix\nthe \x1b[31m thing";
  run.body = "SECRET BODY";
  EXPECT_NE(pull_branch(run), run.branch);
  EXPECT_TRUE(pull_branch(run).starts_with(run.branch + "-"));
  EXPECT_EQ(pull_title(run).find('\n'), std::string::npos);
  EXPECT_EQ(pull_title(run).find('\x1b'), std::string::npos);
  EXPECT_EQ(pull_body(run).find("SECRET"), std::string::npos);
  EXPECT_TRUE(pull_body(run).ends_with("Runner-Run: " + run.id.str() + "\n"));
  EXPECT_NE(pull_body(run).find("Closes #1"), std::string::npos);
  const std::string first = pull_branch(run);
  run.landings = 1;
  EXPECT_NE(pull_branch(run), first) << "a fix after the merge is another pull request";
  run.title.clear();
  EXPECT_FALSE(pull_title(run).empty());
}

}  // namespace
}  // namespace jobs

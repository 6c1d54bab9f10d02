// Mistakes of earlier systems that no single file of the kernel could make alone. Others stand
// beside what they are about; docs/testing.md lists them all.
#include <gtest/gtest.h>

#include "jobs/pipelines/transition.h"
#include "jobs/ticks/plan.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::kNow;
using scenario::minutes;

TEST(NeverAgain, NoSweepClearsABrake) {
  const Fleet fleet = scenario::fleet();
  PollFacts facts = scenario::poll_facts(fleet, {scenario::issue(1)});
  Brake brake;
  brake.scope = "repo:acme/shop";
  brake.reason = "something burns money";
  brake.set_at = kNow;
  facts.brakes = {brake};
  for (const auto age : {std::chrono::hours(1), std::chrono::hours(24 * 365)}) {
    const Plan plan = poll(facts, fleet, kNow + age);
    ASSERT_EQ(plan.change.decisions.size(), 1U);
    EXPECT_EQ(plan.change.decisions.front().reason, Reason::brake);
    EXPECT_TRUE(plan.change.brakes_cleared.empty());
    EXPECT_TRUE(janitor({}, fleet, kNow + age).plan.change.brakes_cleared.empty());
  }
  for (const RunView& view : {scenario::turning(), scenario::landed(Verdict::fail)}) {
    EXPECT_TRUE(watch(view, fleet, kNow).change.brakes_cleared.empty());
    EXPECT_TRUE(fix_forward(view, fleet, kNow).change.brakes_cleared.empty());
  }
}

TEST(NeverAgain, RetriesOfRecoveryAreBoundedAndThrottledOnTheRun) {
  const Fleet fleet = scenario::fleet();
  RunView view = scenario::turning();
  Duration last = Duration::zero();
  int retries = 0;
  for (;; ++retries) {
    ASSERT_LE(retries, fleet.limits.instance_retries) << "an endless loop";
    // Every retry is a new turn with a new number; the throttle stands on the run and grows all the
    // same.
    scenario::end_turn(view, TurnEnd::lost, 0, 0);
    view.turn->number = retries + 1;
    const Action action = next_action(view, default_pipeline(), fleet.limits, fleet.labels, kNow);
    if (action.kind != ActionKind::retry_later) {
      EXPECT_EQ(action.kind, ActionKind::escalate);
      EXPECT_FALSE(action.charged) << "the issue is not to blame";
      break;
    }
    const Change change = carry_out(view, action, default_pipeline(), fleet, kNow);
    ASSERT_EQ(change.runs.size(), 1U);
    view.run = change.runs.front();
    ASSERT_TRUE(view.run.not_before.has_value());
    EXPECT_GT(*view.run.not_before - kNow, last);
    last = *view.run.not_before - kNow;
    view.run.step = RunStep::turning;
  }
  EXPECT_EQ(retries, fleet.limits.instance_retries);
}

TEST(NeverAgain, RecoveryRunsInEveryTickNotOnlyAtTheStart) {
  // A turn whose supervisor died is noticed by the very next look at its run, whichever tick that
  // is.
  const Fleet fleet = scenario::fleet();
  RunView view = scenario::turning();
  scenario::end_turn(view, TurnEnd::lost, 0, 0);
  const Plan plan = watch(view, fleet, kNow + minutes(1));
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_EQ(plan.steps.front().action, "retry-later");
  EXPECT_FALSE(plan.change.ledger.empty()) << "the lost turn ends in the books";
}

}  // namespace
}  // namespace jobs

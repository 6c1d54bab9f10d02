#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "jobs/pipelines/checklist.h"
#include "jobs/policy/budget.h"
#include "jobs/ticks/plan.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::issue;
using scenario::kNow;

TEST(Poll, Invariant8_TheKillSwitchGivesAnEmptyPlan) {
  const Fleet fleet = scenario::fleet();
  PollFacts facts = scenario::poll_facts(fleet, {issue(1)});
  ASSERT_EQ(poll(facts, fleet, kNow).steps.size(), 1U);
  facts.kill_switch = true;
  facts.repos.front().error = "not to be looked at";
  const Plan plan = poll(facts, fleet, kNow);
  EXPECT_TRUE(plan.change.decisions.empty());
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_TRUE(plan.problems.empty());
  EXPECT_TRUE(plan.change.empty());
}

TEST(Poll, Invariant8_FactsAreSwitchedOffByDefault) {
  EXPECT_TRUE(PollFacts{}.kill_switch);
  EXPECT_TRUE(Fleet{}.kill_switch);
  EXPECT_TRUE(Fleet{}.allow.empty());
}

TEST(NeverAgain, TheClaimIsRecordedBeforeAnythingIsDispatched) {
  const Fleet fleet = scenario::fleet();
  const Plan plan = poll(scenario::poll_facts(fleet, {issue(1)}), fleet, kNow);
  ASSERT_EQ(plan.change.runs.size(), 1U);
  ASSERT_EQ(plan.change.turns.size(), 1U);
  ASSERT_EQ(plan.change.ledger.size(), 1U);
  EXPECT_EQ(plan.change.runs.front().step, RunStep::preparing);
  EXPECT_EQ(plan.change.turns.front().state, TurnState::planned);
  std::vector<EffectKind> order;
  for (const Effect& effect : plan.change.effects) {
    order.push_back(effect.kind);
  }
  EXPECT_EQ(order, (std::vector{EffectKind::set_labels, EffectKind::upsert_comment,
                                EffectKind::prepare_worktree, EffectKind::start_turn}))
      << "label first, dispatch last";
  EXPECT_EQ(plan.change.effects[0].add_labels, std::vector{fleet.labels.in_progress});
  EXPECT_TRUE(plan.change.effects[0].remove_labels.empty());
}

TEST(Poll, ARunKnowsWhereItsTextComesFrom) {
  const Fleet fleet = scenario::fleet();
  Issue told = issue(1);
  told.author = "mallory";
  const auto claimed = [&] {
    return poll(scenario::poll_facts(fleet, {told}), fleet, kNow).change.runs.at(0);
  };
  told.edited_by = "bob";
  told.editor_permission = Permission::admin;
  told.edited_at = *told.ready_by.at - std::chrono::minutes(1);
  EXPECT_EQ(claimed().author, "mallory");
  EXPECT_EQ(claimed().requested_by, "alice");
  EXPECT_EQ(claimed().requested_permission, Permission::write);
  EXPECT_EQ(claimed().edited_by, "") << "before the label, which approved what it became";
  told.edited_at = *told.ready_by.at + std::chrono::minutes(1);
  EXPECT_EQ(claimed().edited_by, "bob");
}

TEST(Poll, Invariant5_TheWholeAllowanceIsReservedWithTheTurn) {
  const Fleet fleet = scenario::fleet();
  const Plan plan = poll(scenario::poll_facts(fleet, {issue(1)}), fleet, kNow);
  const LedgerRow& row = plan.change.ledger.at(0);
  EXPECT_EQ(row.kind, LedgerKind::reserve);
  EXPECT_EQ(row.run, plan.change.runs.at(0).id);
  EXPECT_EQ(row.turn, plan.change.turns.at(0).number);
  EXPECT_EQ(row.amount, turn_allowance(fleet.budget, fleet.limits));
  EXPECT_EQ(plan.change.turns.at(0).reserved, row.amount);
}

TEST(Poll, Invariant15_EveryDecisionIsRecorded) {
  Fleet fleet = scenario::fleet();
  fleet.limits.max_live_runs = 1;
  const Plan plan =
      poll(scenario::poll_facts(fleet, {issue(1), issue(2), issue(1, "acme/lib")}), fleet, kNow);
  EXPECT_EQ(plan.change.decisions.size(), 3U);
  EXPECT_EQ(plan.steps.size(), 1U);
}

TEST(Poll, RunsOfOneTickHaveTheirOwnIds) {
  const Fleet fleet = scenario::fleet();
  const Plan plan =
      poll(scenario::poll_facts(fleet, {issue(1), issue(1, "acme/lib")}), fleet, kNow);
  ASSERT_EQ(plan.change.runs.size(), 2U);
  EXPECT_NE(plan.change.runs[0].id, plan.change.runs[1].id);
  std::set<std::string> keys;
  for (const Effect& effect : plan.change.effects) {
    EXPECT_TRUE(keys.insert(effect.key).second) << effect.key;
  }
}

TEST(Poll, AnUnreadableRepositoryIsAProblemOfItsOwn) {
  const Fleet fleet = scenario::fleet();
  PollFacts facts = scenario::poll_facts(fleet, {issue(1, "acme/lib")});
  facts.repos.front().error = "the tracker is gone";
  const Plan plan = poll(facts, fleet, kNow);
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_NE(plan.problems.front().find("acme/shop"), std::string::npos);
  EXPECT_EQ(plan.steps.size(), 1U) << "the others go on";
}

TEST(Poll, Invariant11_AHostileTitleAndBodyAreMadeHarmlessInTheClaim) {
  const Fleet fleet = scenario::fleet();
  Issue hostile = issue(1);
  hostile.title = std::string("--force ../../etc \x1b[31m\0 @{-1} .lock", 36);
  hostile.body = std::string("a\0b\xff\xfe", 5);
  const Plan plan = poll(scenario::poll_facts(fleet, {hostile}), fleet, kNow);
  const jobs::Run& run = plan.change.runs.at(0);
  EXPECT_TRUE(run.branch.starts_with("runner/1-"));
  for (const char bad : {' ', '~', '^', ':', '?', '*', '[', '\\', '@', '\x1b', '\0'}) {
    EXPECT_EQ(run.branch.find(bad), std::string::npos) << static_cast<int>(bad);
  }
  EXPECT_EQ(run.branch.find(".."), std::string::npos);
  EXPECT_EQ(std::ranges::count(run.branch, '/'), 1);
  EXPECT_EQ(run.title.find('\x1b'), std::string::npos);
  EXPECT_EQ(run.body.find('\0'), std::string::npos);
  EXPECT_EQ(run.text_digest, hostile.text_digest()) << "of what was approved, not of what we made";
}

TEST(Poll, AnEmptyQueueChangesNothing) {
  const Fleet fleet = scenario::fleet();
  EXPECT_TRUE(poll(scenario::poll_facts(fleet, {}), fleet, kNow).change.empty());
}

}  // namespace
}  // namespace jobs

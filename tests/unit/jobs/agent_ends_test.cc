// Who pays for how an agent ended: the issue, nobody while the agent is parked, or nobody until a
// person comes.
#include <algorithm>

#include <gtest/gtest.h>

#include "jobs/pipelines/next_action.h"
#include "jobs/pipelines/transition.h"
#include "jobs/policy/breaker.h"
#include "jobs/policy/dispatch.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::decide;
using scenario::hours;
using scenario::kNow;
using scenario::minutes;

RunView ended(AgentEnd agent, TurnEnd end = TurnEnd::exited, int code = 1, int commits = 1) {
  RunView view = scenario::turning();
  scenario::end_turn(view, end, code, commits);
  view.turn_facts.exit->agent = agent;
  view.turn_facts.exit->detail = "its agent: it said something";
  view.agent = "claude";
  return view;
}

Change carried_out(const RunView& view) {
  return carry_out(view, decide(view), default_pipeline(), scenario::fleet(), kNow);
}

Brake parked_brake(TimePoint until) {
  Brake brake;
  brake.id = 7;
  brake.scope = "agent:claude";
  brake.reason = "quota";
  brake.set_at = kNow - hours(1);
  brake.until = until;
  return brake;
}

TEST(AgentEnds, SuccessNeedsItsOwnWordTheExitCodeAndCommits) {
  for (const AgentEnd agent :
       {AgentEnd::none, AgentEnd::success, AgentEnd::failed, AgentEnd::unfinished, AgentEnd::empty,
        AgentEnd::refused, AgentEnd::budget}) {
    const bool well = agent == AgentEnd::none || agent == AgentEnd::success;
    EXPECT_EQ(decide(ended(agent, TurnEnd::exited, 0)).kind,
              well ? ActionKind::advance : ActionKind::escalate)
        << to_string(agent);
    EXPECT_EQ(decide(ended(agent, TurnEnd::exited, 0, 0)).kind, ActionKind::escalate);
    EXPECT_EQ(decide(ended(agent, TurnEnd::exited, 143)).kind, ActionKind::escalate);
    EXPECT_EQ(decide(ended(agent, TurnEnd::deadline, 0)).kind, ActionKind::escalate);
  }
  EXPECT_EQ(decide(ended(AgentEnd::success, TurnEnd::lingered, 0)).kind, ActionKind::advance)
      << "what hung after the final word takes nothing back";
  EXPECT_EQ(decide(ended(AgentEnd::failed, TurnEnd::lingered, 0)).kind, ActionKind::escalate);
}

TEST(AgentEnds, TheIssuesOwnFailuresAreCharged) {
  for (const AgentEnd agent : {AgentEnd::failed, AgentEnd::unfinished, AgentEnd::empty,
                               AgentEnd::refused, AgentEnd::budget}) {
    const Action action = decide(ended(agent, TurnEnd::exited, 0));
    EXPECT_TRUE(action.charged) << to_string(agent);
    EXPECT_EQ(action.brake_agent, "");
    EXPECT_NE(action.reason.find(to_string(agent)), std::string::npos) << action.reason;
  }
}

TEST(AgentEnds, QuotaAndOverloadParkTheAgentAndChargeNobody) {
  for (const AgentEnd agent : {AgentEnd::quota, AgentEnd::overload}) {
    for (const TurnEnd end : {TurnEnd::exited, TurnEnd::deadline, TurnEnd::silent}) {
      RunView view = ended(agent, end);
      view.run.instance_retries = 50;
      const Action action = decide(view);
      EXPECT_EQ(action.kind, ActionKind::retry_later) << "however often";
      EXPECT_EQ(action.charge, Charge::none);
      EXPECT_EQ(action.brake_agent, "claude");
      EXPECT_EQ(action.until, kNow + hours(1)) << "the longest of the waits that double";
    }
  }
  EXPECT_EQ(decide(ended(AgentEnd::quota)).until, kNow + minutes(15));
  EXPECT_EQ(decide(ended(AgentEnd::overload)).until, kNow + minutes(1));
  RunView named = ended(AgentEnd::quota);
  named.turn_facts.exit->until = kNow + hours(5);
  EXPECT_EQ(decide(named).until, kNow + hours(5));
  named.turn_facts.exit->until = kNow + hours(24 * 7);
  EXPECT_EQ(decide(named).until, kNow + hours(24)) << "asked again once a day";
  named.turn_facts.exit->until = kNow + std::chrono::seconds(1);
  EXPECT_EQ(decide(named).until, kNow + minutes(1)) << "never at once";

  const Change change = carried_out(ended(AgentEnd::quota));
  ASSERT_EQ(change.brakes_set.size(), 1U);
  EXPECT_EQ(change.brakes_set.front().scope, "agent:claude");
  EXPECT_EQ(change.brakes_set.front().until, kNow + minutes(15));
  EXPECT_TRUE(change.attempts.empty());
  ASSERT_EQ(change.runs.size(), 1U);
  EXPECT_TRUE(change.runs.front().live());
}

TEST(AgentEnds, OneBrakeWithTheLatestTime) {
  RunView view = ended(AgentEnd::quota);
  view.turn_facts.exit->until = kNow + hours(2);
  view.parked = {parked_brake(kNow + hours(3))};
  Change change = carried_out(view);
  EXPECT_TRUE(change.brakes_set.empty());
  EXPECT_TRUE(change.brakes_cleared.empty());
  view.parked = {parked_brake(kNow + hours(1))};
  change = carried_out(view);
  EXPECT_EQ(change.brakes_set.size(), 1U);
  EXPECT_EQ(change.brakes_cleared, (std::vector<std::int64_t>{7}));
}

TEST(AgentEnds, ABadCredentialStopsDispatchUntilAPersonComes) {
  const Action action = decide(ended(AgentEnd::authentication));
  EXPECT_EQ(action.kind, ActionKind::escalate);
  EXPECT_FALSE(action.charged);
  EXPECT_EQ(action.brake_agent, "claude");
  const Change change = carried_out(ended(AgentEnd::authentication));
  ASSERT_EQ(change.brakes_set.size(), 1U);
  EXPECT_FALSE(change.brakes_set.front().until) << "only a person lifts it";
}

TEST(AgentEnds, ASessionThatIsGoneIsNoFailureOfTheIssue) {
  const Action action = decide(ended(AgentEnd::no_session, TurnEnd::exited, 1, 0));
  EXPECT_EQ(action.kind, ActionKind::retry_later);
  EXPECT_EQ(action.charge, Charge::instance);
}

TEST(AgentEnds, AParkedAgentIsNotAskedAndThenOneCanaryIs) {
  RunView red = scenario::turning("verify");
  scenario::end_turn(red, TurnEnd::exited, 2, 1);
  red.agent = "claude";
  ASSERT_EQ(decide(red).kind, ActionKind::roll_back);
  red.parked = {parked_brake(kNow + hours(1))};
  EXPECT_EQ(decide(red).kind, ActionKind::wait);
  EXPECT_NE(decide(red).reason.find("agent:claude is parked until"), std::string::npos);
  red.parked = {parked_brake(kNow)};
  EXPECT_EQ(decide(red).kind, ActionKind::roll_back) << "this run is the canary";
  red.canary_away = true;
  EXPECT_EQ(decide(red).kind, ActionKind::wait);
  red.agent = "another";
  EXPECT_EQ(decide(red).kind, ActionKind::roll_back) << "another agent's credential";

  RunView green = scenario::turning("verify");
  scenario::end_turn(green, TurnEnd::exited, 0, 1);
  green.agent = "claude";
  green.parked = {parked_brake(kNow + hours(1))};
  EXPECT_EQ(decide(green).kind, ActionKind::advance) << "landing asks no agent";
}

TEST(AgentEnds, WhateverTheProviderAnsweredLiftsTheBrake) {
  for (const AgentEnd agent :
       {AgentEnd::success, AgentEnd::failed, AgentEnd::empty, AgentEnd::refused, AgentEnd::budget,
        AgentEnd::quota, AgentEnd::overload, AgentEnd::unfinished, AgentEnd::authentication}) {
    RunView view = ended(agent, TurnEnd::exited, 0);
    view.turn->state = TurnState::running;
    view.parked = {parked_brake(kNow - minutes(20))};
    const bool answered = agent != AgentEnd::quota && agent != AgentEnd::overload &&
                          agent != AgentEnd::unfinished && agent != AgentEnd::authentication;
    const Change change = settle(view, scenario::fleet(), kNow);
    EXPECT_EQ(change.brakes_cleared.size(), answered ? 1U : 0U) << to_string(agent);
    view.turn->state = TurnState::running;
    view.turn->planned_at = kNow - hours(2);
    EXPECT_TRUE(settle(view, scenario::fleet(), kNow).brakes_cleared.empty())
        << "a turn from before the brake says nothing about it";
  }
}

TEST(AgentEnds, AStreamWithoutAnEndIsChargedItsReservationAtLeast) {
  RunView view = ended(AgentEnd::unfinished, TurnEnd::deadline);
  view.turn->state = TurnState::running;
  view.turn_facts.usage = Usage{Usd{1000}, 500, 1, 60};
  const Change change = settle(view, scenario::fleet(), kNow);
  ASSERT_EQ(change.ledger.size(), 1U);
  EXPECT_EQ(change.ledger.front().amount.usd, view.turn->reserved.usd);
  EXPECT_EQ(change.ledger.front().amount.tokens, view.turn->reserved.tokens);
  EXPECT_TRUE(change.ledger.front().estimated);
}

TEST(AgentEnds, DispatchSendsOneCanary) {
  const Fleet fleet = scenario::fleet();
  PollFacts facts = scenario::poll_facts(
      fleet, {scenario::issue(1), scenario::issue(2, "acme/lib"), scenario::issue(3, "acme/web")});
  const auto started = [&] {
    const auto decisions = dispatch(facts, fleet, kNow);
    return std::ranges::count(decisions, Reason::selected, &Decision::reason);
  };
  ASSERT_GT(started(), 1);
  Brake brake = parked_brake(kNow + minutes(1));
  brake.scope = "agent:" + fleet.repos.front().agent;
  facts.brakes = {brake};
  EXPECT_EQ(started(), 0);
  facts.brakes.front().until = kNow;
  EXPECT_EQ(started(), 1);
  const auto decisions = dispatch(facts, fleet, kNow);
  EXPECT_EQ(std::ranges::count(decisions, Reason::brake, &Decision::reason), 2);
  jobs::Run canary = scenario::run();
  canary.updated_at = kNow;
  canary.issue.number = 99;
  facts.live_runs = {canary};
  EXPECT_EQ(started(), 0) << "one is away already";
}

}  // namespace
}  // namespace jobs

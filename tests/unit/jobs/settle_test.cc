#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "jobs/pipelines/run_change.h"
#include "jobs/pipelines/transition.h"
#include "jobs/ticks/plan.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::kNow;
using scenario::turning;

const Fleet& fleet() {
  static const Fleet one = scenario::fleet();
  return one;
}

TEST(Settle, NothingNewChangesNothing) {
  RunView view = turning();
  EXPECT_TRUE(settle(view, fleet(), kNow).empty()) << "invariant 16";
  view = scenario::landed(Verdict::pending);
  EXPECT_TRUE(settle(view, fleet(), kNow).empty());
}

TEST(Settle, AStartIsSeen) {
  RunView view = turning();
  view.turn->state = TurnState::planned;
  const Change change = settle(view, fleet(), kNow);
  EXPECT_EQ(change.turns.at(0).state, TurnState::running);
  EXPECT_TRUE(change.ledger.empty());
  EXPECT_EQ(view.turn->state, TurnState::running) << "the view shows the settled picture";
}

TEST(Settle, ATurnThatCouldNotBeReadIsNeitherStartedNorLost) {
  for (const TurnState state : {TurnState::planned, TurnState::running}) {
    RunView view = turning();
    view.turn->state = state;
    view.turn_facts = {};
    view.turn_facts.state = TurnFacts::State::starting;
    view.turn_read = false;
    EXPECT_TRUE(settle(view, fleet(), kNow).empty()) << to_string(state);
  }
}

TEST(Settle, AnEndIsSettledWithWhatItReported) {
  RunView view = turning();
  scenario::end_turn(view, TurnEnd::exited, 0, 1);
  view.turn_facts.usage = Usage{Usd{123}, 456, 9, 9};
  const Change change = settle(view, fleet(), kNow);
  ASSERT_EQ(change.ledger.size(), 1U);
  const LedgerRow& row = change.ledger[0];
  EXPECT_EQ(row.kind, LedgerKind::settle);
  EXPECT_EQ(row.amount.usd, Usd{123});
  EXPECT_EQ(row.amount.tokens, 456);
  EXPECT_EQ(row.amount.turns, 1) << "a turn is one turn, whatever it says";
  EXPECT_EQ(row.amount.seconds, 8 * 60);
  EXPECT_FALSE(row.estimated);
  EXPECT_EQ(change.runs.at(0).head, view.worktree->head);
}

TEST(NeverAgain, UsageIsNotCountedTwice) {
  RunView view = turning();
  scenario::end_turn(view, TurnEnd::exited, 0, 1);
  ASSERT_EQ(settle(view, fleet(), kNow).ledger.size(), 1U);
  EXPECT_TRUE(settle(view, fleet(), kNow).ledger.empty()) << "an ended turn is settled once";
}

TEST(Settle, Invariant5_UnknownUsageIsChargedInFull) {
  RunView view = turning();
  scenario::end_turn(view, TurnEnd::signalled, 0, 0);
  const Change change = settle(view, fleet(), kNow);
  EXPECT_TRUE(change.ledger.at(0).estimated);
  EXPECT_EQ(change.ledger.at(0).amount.usd, view.turn->reserved.usd);
  EXPECT_EQ(change.ledger.at(0).amount.tokens, view.turn->reserved.tokens);
}

TEST(Settle, ATurnThatNeverStartedCostsNothing) {
  RunView view = turning();
  scenario::end_turn(view, TurnEnd::not_started, 0, 0);
  EXPECT_EQ(settle(view, fleet(), kNow).ledger.at(0).kind, LedgerKind::release);
  view = turning();
  view.run.step = RunStep::ending;
  view.turn->state = TurnState::planned;
  view.turn_facts = {};
  const Change change = settle(view, fleet(), kNow);
  EXPECT_EQ(change.ledger.at(0).kind, LedgerKind::release);
  EXPECT_EQ(change.turns.at(0).state, TurnState::ended);
}

TEST(Settle, APlannedTurnOfAnEndingRunWaitsForItsEffects) {
  RunView view = turning();
  view.run.step = RunStep::ending;
  view.turn->state = TurnState::planned;
  view.turn_facts = {};
  view.effects_pending = true;
  EXPECT_TRUE(settle(view, fleet(), kNow).empty());
}

TEST(Settle, ADeletedTurnDirectoryIsALostTurnChargedInFull) {
  RunView view = turning();
  view.turn_facts = {};
  const Change change = settle(view, fleet(), kNow);
  EXPECT_EQ(change.turns.at(0).exit->end, TurnEnd::lost);
  EXPECT_TRUE(change.ledger.at(0).estimated);
  EXPECT_EQ(view.turn_facts.state, TurnFacts::State::ended) << "so that it is decided on";
}

TEST(Settle, ACommandIsNotCharged) {
  RunView view = turning("verify");
  scenario::end_turn(view, TurnEnd::exited, 0, 1);
  const Change change = settle(view, fleet(), kNow);
  EXPECT_EQ(change.turns.size(), 1U);
  EXPECT_TRUE(change.ledger.empty());
}

TEST(NeverAgain, AnEndThatCannotBeReadIsNotWaitedForForEver) {
  RunView view = turning();
  view.turn_facts.state = TurnFacts::State::ended;
  view.turn_facts.exit.reset();
  const Change change = settle(view, fleet(), kNow);
  EXPECT_EQ(change.turns.at(0).exit->end, TurnEnd::lost);
  EXPECT_EQ(next_action(view, default_pipeline(), fleet().limits, fleet().labels, kNow).kind,
            ActionKind::retry_later);
}

TEST(Settle, AClockThatWasSetBackEarnsNothing) {
  RunView view = turning();
  scenario::end_turn(view, TurnEnd::exited, 0, 1);
  view.turn_facts.exit->at = kNow - scenario::hours(9);
  EXPECT_EQ(settle(view, fleet(), kNow).ledger.at(0).amount.seconds, 0);
}

TEST(Settle, Invariant5_AReportThatSubtractsIsNone) {
  for (const Usage& report : {Usage{Usd{-5}, 7, 0, 0}, Usage{Usd{5}, -7, 0, 0}}) {
    RunView view = turning();
    scenario::end_turn(view, TurnEnd::exited, 0, 1);
    view.turn_facts.usage = report;
    const LedgerRow row = settle(view, fleet(), kNow).ledger.at(0);
    EXPECT_TRUE(row.estimated);
    EXPECT_EQ(row.amount.usd, view.turn->reserved.usd);
    EXPECT_EQ(row.amount.tokens, view.turn->reserved.tokens);
  }
}

TEST(Settle, Invariant5_ATurnThatWasLostIsChargedItsReservationAtLeast) {
  RunView view = turning();
  scenario::end_turn(view, TurnEnd::lost, 0, 0);
  view.turn_facts.usage = Usage{Usd{1}, view.turn->reserved.tokens + 1, 0, 0};
  const LedgerRow row = settle(view, fleet(), kNow).ledger.at(0);
  EXPECT_TRUE(row.estimated);
  EXPECT_EQ(row.amount.usd, view.turn->reserved.usd) << "it may have cost more than it said last";
  EXPECT_EQ(row.amount.tokens, view.turn->reserved.tokens + 1);
}

TEST(Settle, TheFixWindowCountsFromTheFirstRed) {
  RunView view = scenario::landed(Verdict::fail);
  view.run.first_red_at.reset();
  Change change = settle(view, fleet(), kNow);
  EXPECT_EQ(change.runs.at(0).first_red_at, kNow);
  EXPECT_TRUE(settle(view, fleet(), kNow + scenario::minutes(5)).empty());
  view.ci = scenario::ci(Verdict::fail, {"lint"});
  change = settle(view, fleet(), kNow + scenario::minutes(9));
  EXPECT_EQ(change.runs.at(0).first_red_at, kNow) << "another red does not move it";
  EXPECT_EQ(change.runs.at(0).failing, std::vector<std::string>{"lint"});
}

TEST(Settle, PhasesMoveByEvidenceOnly) {
  RunView view = turning();
  view.turn_facts.phases = {"tests-red", "deployed", "done", "nonsense"};
  EXPECT_EQ(settle(view, fleet(), kNow).runs.at(0).phase, Phase::tests_red)
      << "an agent cannot know more than that";
  view = scenario::landed(Verdict::pass);
  EXPECT_EQ(settle(view, fleet(), kNow).runs.at(0).phase, Phase::deployed);
}

TEST(Watch, Invariant5_ATurnDearerThanItsReservationIsSettledBeforeTheNextIsPlanned) {
  RunView view = turning();
  view.run.landings = 1;
  scenario::end_turn(view, TurnEnd::lost, 0, 0);
  view.turn_facts.usage = view.turn->reserved + Usage{Usd{1}, 0, 0, 0};
  const Plan plan = watch(view, fleet(), kNow);
  EXPECT_EQ(plan.change.ledger.size(), 1U);
  EXPECT_EQ(plan.change.runs.at(0).step, RunStep::turning) << "the next look decides";
  view.turn_facts.usage = view.turn->reserved;
  EXPECT_EQ(watch(view, fleet(), kNow).change.runs.at(0).step, RunStep::waiting);
}

/// A turn's life with random ends: every reserve is followed by at most one settle or release.
RC_GTEST_PROP(LedgerProperty, Invariant5_EveryReservationIsEndedOnce, ()) {
  RunChange start(scenario::run(), fleet(), kNow);
  RunView view;
  view.run = scenario::run();
  view.run.turns = 0;
  Usage reserved;
  Usage ended;
  int open = 0;
  const int turns = *rc::gen::inRange(1, 8);
  for (int i = 0; i < turns; ++i) {
    RunChange plan(view.run, fleet(), kNow);
    plan.start_turn(default_pipeline().stages.front(), TurnKind::opening, Oid());
    const Change planned = std::move(plan).take();
    RC_ASSERT(planned.ledger.size() == 1U);
    reserved = reserved + planned.ledger[0].amount;
    ++open;
    view.run = planned.runs.at(0);
    view.turn = planned.turns.at(0);
    const int looks = *rc::gen::inRange(1, 6);
    for (int look = 0; look < looks; ++look) {
      const bool last = look + 1 == looks;
      view.turn_facts = {};
      view.turn_facts.state =
          last ? TurnFacts::State::ended
               : *rc::gen::element(TurnFacts::State::starting, TurnFacts::State::running,
                                   TurnFacts::State::ended, TurnFacts::State::absent);
      view.effects_pending = *rc::gen::arbitrary<bool>();
      view.turn_read = last || *rc::gen::arbitrary<bool>();
      if (view.turn_facts.state == TurnFacts::State::ended && *rc::gen::arbitrary<bool>()) {
        view.turn_facts.exit =
            TurnExit{.end = static_cast<TurnEnd>(*rc::gen::inRange(0, 9)), .at = kNow};
      }
      const Change change = settle(view, fleet(), kNow);
      for (const LedgerRow& row : change.ledger) {
        RC_ASSERT(row.kind != LedgerKind::reserve);
        RC_ASSERT(row.turn == view.turn->number);
        RC_ASSERT(row.kind == LedgerKind::settle || row.amount == Usage{});
        RC_ASSERT(!row.estimated || row.amount.usd == view.turn->reserved.usd);
        ended = ended + (row.kind == LedgerKind::settle ? view.turn->reserved : Usage{});
        --open;
      }
      RC_ASSERT(open == (view.turn->state == TurnState::ended ? 0 : 1));
    }
  }
  RC_ASSERT(open == 0);
  RC_ASSERT(ended.usd <= reserved.usd);
}

}  // namespace
}  // namespace jobs

#include <gtest/gtest.h>

#include "jobs/pipelines/next_action.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::kind;
using scenario::kNow;
using scenario::minutes;

TEST(Waiting, ARetryIsPutOffUntilItsTime) {
  RunView view = scenario::turning();
  view.run.step = RunStep::waiting;
  view.run.not_before = kNow + minutes(50);
  EXPECT_EQ(kind(view), ActionKind::wait);
  view.run.not_before = kNow + std::chrono::milliseconds(1);
  EXPECT_EQ(kind(view), ActionKind::wait);
  view.run.not_before = kNow;
  EXPECT_EQ(kind(view), ActionKind::start_turn);
  view.run.not_before.reset();
  EXPECT_EQ(kind(view), ActionKind::start_turn) << "no time at all is now, not never";
}

TEST(Waiting, WhatAClockThatWasSetBackPutOffIsDue) {
  RunView view = scenario::turning();
  view.run.step = RunStep::waiting;
  view.run.not_before = kNow + minutes(50);
  view.run.updated_at = kNow + minutes(40);
  EXPECT_EQ(kind(view), ActionKind::start_turn);
}

TEST(Waiting, AnEndIsFinishedWhenItsEffectsAndItsTurnAre) {
  RunView view = scenario::turning();
  view.run.step = RunStep::ending;
  view.run.outcome = Outcome::cancelled;
  view.effects_pending = true;
  EXPECT_EQ(kind(view), ActionKind::wait) << "the word to stop may be among them";
  view.effects_pending = false;
  EXPECT_EQ(kind(view), ActionKind::stop_turn) << "its turn still runs";
  view.stop_asked = kNow;
  EXPECT_EQ(kind(view), ActionKind::wait) << "it is given its grace";
  view.stop_asked = kNow - std::chrono::hours(1);
  EXPECT_EQ(kind(view), ActionKind::stop_turn) << "whoever was asked did not do it";
  view.turn_read = false;
  EXPECT_EQ(kind(view), ActionKind::wait) << "it is not known to run";
  view.turn->state = TurnState::ended;
  view.effects_pending = true;
  EXPECT_EQ(kind(view), ActionKind::wait);
  view.effects_pending = false;
  EXPECT_EQ(kind(view), ActionKind::finish);
  view.cancel_requested = "cancelled by bob";
  EXPECT_EQ(kind(view), ActionKind::finish) << "an end is not ended again";
  view.run.step = RunStep::ended;
  EXPECT_EQ(kind(view), ActionKind::wait);
}

}  // namespace
}  // namespace jobs

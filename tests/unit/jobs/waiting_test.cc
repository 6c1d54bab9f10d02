#include <gtest/gtest.h>

#include "jobs/pipelines/next_action.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::kNow;
using scenario::minutes;

ActionKind kind(const RunView& view) {
  return next_action(view, default_pipeline(), Limits{}, Labels{}, kNow).kind;
}

TEST(Waiting, ARetryIsPutOffUntilItsTime) {
  RunView view = scenario::turning();
  view.run.step = RunStep::waiting;
  view.run.not_before = kNow + minutes(50);
  EXPECT_EQ(kind(view), ActionKind::wait);
  view.run.not_before = kNow;
  EXPECT_EQ(kind(view), ActionKind::start_turn);
}

TEST(Waiting, WhatAClockThatWasSetBackPutOffIsDue) {
  RunView view = scenario::turning();
  view.run.step = RunStep::waiting;
  view.run.not_before = kNow + minutes(50);
  view.run.updated_at = kNow + minutes(40);
  EXPECT_EQ(kind(view), ActionKind::start_turn);
}

}  // namespace
}  // namespace jobs

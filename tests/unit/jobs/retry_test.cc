#include "jobs/policy/retry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jobs {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Retry, TheWaitDoublesUpToAnHour) {
  EXPECT_EQ(backoff(minutes(1), 1), minutes(1));
  EXPECT_EQ(backoff(minutes(1), 2), minutes(2));
  EXPECT_EQ(backoff(minutes(1), 3), minutes(4));
  EXPECT_EQ(backoff(minutes(1), 6), minutes(32));
  EXPECT_EQ(backoff(minutes(1), 7), hours(1));
  EXPECT_EQ(backoff(minutes(1), 1'000'000), hours(1));
  EXPECT_EQ(backoff(hours(5), 1), hours(1));
}

TEST(Retry, ItNeverWaitsForNoTimeAtAll) {
  EXPECT_GT(backoff(Duration::zero(), 1), Duration::zero());
  EXPECT_GT(backoff(Duration(-5), 3), Duration::zero());
}

TEST(Retry, WhatAWrongClockPutOffIsNotWaitedFor) {
  const TimePoint now(hours(1000));
  EXPECT_FALSE(still_waits(std::nullopt, now));
  EXPECT_FALSE(still_waits(now, now));
  EXPECT_TRUE(still_waits(now + minutes(1), now));
  EXPECT_TRUE(still_waits(now + kLongestWait, now));
  EXPECT_FALSE(still_waits(now + kLongestWait + minutes(1), now));
  EXPECT_TRUE(still_waits(now + hours(1), now, now));
  EXPECT_TRUE(still_waits(now + hours(1), now + kClockTrifle, now));
  EXPECT_FALSE(still_waits(now + hours(1), now + kClockTrifle + minutes(1), now));
  EXPECT_FALSE(still_waits(now - minutes(1), now - hours(1), now));
  EXPECT_FALSE(lies_ahead(now + hours(1), now));
  EXPECT_TRUE(lies_ahead(now + kLongestWait + minutes(1), now));
  EXPECT_FALSE(lies_ahead(now - hours(999), now));
}

RC_GTEST_PROP(RetryProperty, LaterAttemptsNeverWaitLess, ()) {
  const Duration first(*rc::gen::inRange(0, 100'000'000));
  const int attempt = *rc::gen::inRange(0, 60);
  RC_ASSERT(backoff(first, attempt) <= backoff(first, attempt + 1));
  RC_ASSERT(backoff(first, attempt) <= hours(1));
}

}  // namespace
}  // namespace jobs

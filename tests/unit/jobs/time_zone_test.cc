#include "jobs/base/time_zone.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "jobs/base/time.h"

namespace jobs {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TimePoint at(const char* text) {
  return parse_time(text).value();
}

std::string day(const char* text, const TimeZone& zone) {
  return format_time(day_start(at(text), zone));
}

std::string month(const char* text, const TimeZone& zone) {
  return format_time(month_start(at(text), zone));
}

const TimeZone kBerlin{.name = "Europe/Berlin",
                       .shifts = {{at("2026-01-01T00:00:00Z"), hours(1)},
                                  {at("2026-03-29T01:00:00Z"), hours(2)},
                                  {at("2026-10-25T01:00:00Z"), hours(1)}}};

TEST(TimeZone, WithoutShiftsItIsUtc) {
  EXPECT_EQ(day("2026-11-29T23:59:59Z", {}), "2026-11-29T00:00:00Z");
  EXPECT_EQ(month("2026-11-29T23:59:59Z", {}), "2026-11-01T00:00:00Z");
}

TEST(TimeZone, ADayBeginsAtItsOwnMidnight) {
  EXPECT_EQ(day("2026-11-28T22:59:59Z", kBerlin), "2026-11-27T23:00:00Z");
  EXPECT_EQ(day("2026-11-28T23:00:00Z", kBerlin), "2026-11-28T23:00:00Z");
  EXPECT_EQ(month("2026-07-31T21:59:59Z", kBerlin), "2026-06-30T22:00:00Z");
  EXPECT_EQ(month("2026-07-31T22:00:00Z", kBerlin), "2026-07-31T22:00:00Z");
}

TEST(TimeZone, ADayWithAShiftHasTheMidnightBeforeIt) {
  EXPECT_EQ(day("2026-03-29T12:00:00Z", kBerlin), "2026-03-28T23:00:00Z");
  EXPECT_EQ(day("2026-10-25T12:00:00Z", kBerlin), "2026-10-24T22:00:00Z");
  EXPECT_EQ(month("2026-10-31T12:00:00Z", kBerlin), "2026-09-30T22:00:00Z");
}

TEST(TimeZone, WhatWasBeforeTheFirstShiftIsCountedWithIt) {
  EXPECT_EQ(day("2019-05-01T22:59:59Z", kBerlin), "2019-04-30T23:00:00Z");
}

TEST(TimeZone, AMidnightThatIsLeftOutIsTheJump) {
  // Cairo, 24 April 2026: from 00:00 to 01:00.
  const TimeZone cairo{
      .name = "Africa/Cairo",
      .shifts = {{at("2026-01-01T00:00:00Z"), hours(2)}, {at("2026-04-23T22:00:00Z"), hours(3)}}};
  EXPECT_EQ(day("2026-04-24T10:00:00Z", cairo), "2026-04-23T22:00:00Z");
  EXPECT_EQ(day("2026-04-23T21:59:59Z", cairo), "2026-04-22T22:00:00Z");
}

TEST(TimeZone, ADayMayBeLeftOutAsAWhole) {
  // Samoa had no 30 December 2011.
  const TimeZone apia{.name = "Pacific/Apia",
                      .shifts = {{at("2011-09-24T14:00:00Z"), -hours(10)},
                                 {at("2011-12-30T10:00:00Z"), hours(14)}}};
  EXPECT_EQ(day("2011-12-30T09:00:00Z", apia), "2011-12-29T10:00:00Z");
  EXPECT_EQ(day("2011-12-30T11:00:00Z", apia), "2011-12-30T10:00:00Z");
}

RC_GTEST_PROP(TimeZoneProperty, ADayBeginsBeforeItAndAllOfItHasOneBeginning, ()) {
  TimeZone zone;
  auto from = at("2026-01-01T00:00:00Z");
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i) {
    zone.shifts.push_back({from, minutes(30 * *rc::gen::inRange(-24, 29))});
    from += hours(*rc::gen::inRange(24, 24 * 90));
  }
  const TimePoint time = at("2025-12-01T00:00:00Z") + minutes(*rc::gen::inRange(0, 60 * 24 * 365));
  const TimePoint start = day_start(time, zone);
  RC_ASSERT(start <= time);
  RC_ASSERT(time - start <= hours(24 + 26));
  RC_ASSERT(day_start(start, zone) == start);
  RC_ASSERT(month_start(time, zone) <= start);
}

}  // namespace
}  // namespace jobs

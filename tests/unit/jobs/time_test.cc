#include "jobs/base/time.h"

#include <gtest/gtest.h>

namespace jobs {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TimePoint at(std::int64_t unix_seconds) {
  return TimePoint(seconds(unix_seconds));
}

TEST(Time, FormatsUtc) {
  EXPECT_EQ(format_time(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(at(1'709'208'000) + milliseconds(999)), "2024-02-29T12:00:00Z");
  EXPECT_EQ(format_time(at(-1)), "1969-12-31T23:59:59Z");
}

TEST(Time, ReadsRfc3339) {
  EXPECT_EQ(parse_time("2024-02-29T12:00:00Z"), at(1'709'208'000));
  EXPECT_EQ(parse_time("2024-02-29T14:00:00+02:00"), at(1'709'208'000));
  EXPECT_EQ(parse_time("2024-02-29 07:30:00-04:30"), at(1'709'208'000));
  EXPECT_EQ(parse_time("2024-02-29T12:00:00.1239Z"), at(1'709'208'000) + milliseconds(123));
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "now", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-02-29T24:00:00Z",
        "2024-02-29T12:60:00Z", "2024-02-29T12:00:00", "2024-02-29", "2024-02-29T12:00:00.Z",
        "2024-02-29T12:00:00Z ", "2024-13-01T00:00:00Z", "2024-02-29T12:00:00+24:00",
        "-024-02-29T12:00:00Z"}) {
    EXPECT_FALSE(parse_time(text).has_value()) << text;
  }
}

TEST(Time, DurationsForPeople) {
  EXPECT_EQ(format_duration(hours(1) + minutes(4) + seconds(9)), "1h 4m");
  EXPECT_EQ(format_duration(seconds(38)), "38s");
  EXPECT_EQ(format_duration(days(2) + hours(3)), "2d 3h");
  EXPECT_EQ(format_duration(hours(1) + seconds(5)), "1h");
  EXPECT_EQ(format_duration(milliseconds(250)), "250ms");
  EXPECT_EQ(format_duration(-seconds(90)), "-1m 30s");
}

TEST(Time, WhateverAFileHoldsCanBeShown) {
  EXPECT_EQ(format_time(TimePoint::max()), "9999-12-31T23:59:59Z");
  EXPECT_EQ(format_time(TimePoint::min()), "0001-01-01T00:00:00Z");
  EXPECT_EQ(format_duration(Duration::min()), "-106751991167d 7h");
  EXPECT_EQ(format_duration(Duration::max()), "106751991167d 7h");
}

TEST(Time, DurationsFromManifests) {
  EXPECT_EQ(parse_duration("90s"), seconds(90));
  EXPECT_EQ(parse_duration("1h30m"), minutes(90));
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("0s"), seconds(0));
  EXPECT_EQ(parse_duration("3660d"), days(3660));
  for (const char* text : {"", "5", "s", "-5s", "1.5h", "5 s", "5x", "1h 30m", "3661d",
                           "99999999999999999999s", "1H"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Time, DayAndMonthBeginInUtc) {
  const TimePoint noon = *parse_time("2024-02-29T12:00:00Z");
  EXPECT_EQ(format_time(day_start(noon)), "2024-02-29T00:00:00Z");
  EXPECT_EQ(format_time(month_start(noon)), "2024-02-01T00:00:00Z");
  EXPECT_EQ(day_start(day_start(noon)), day_start(noon));
}

}  // namespace
}  // namespace jobs

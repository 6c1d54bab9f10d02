#include "manifests/time_zones.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "jobs/base/time.h"

namespace manifests {
namespace {

using std::chrono::hours;

TEST(TimeZones, UtcHasNoShifts) {
  EXPECT_EQ(time_zone("UTC"), jobs::TimeZone{});
}

TEST(TimeZones, AZoneHasItsShiftsUntilTheEndOfTheCentury) {
  const auto zone = time_zone("Europe/Berlin");
  ASSERT_TRUE(zone) << "the package tzdata is needed";
  EXPECT_EQ(zone->name, "Europe/Berlin");
  const auto& shifts = zone->shifts;
  EXPECT_TRUE(std::ranges::is_sorted(shifts, {}, &jobs::TimeZone::Shift::from));
  const jobs::TimeZone::Shift summer{.from = jobs::parse_time("2026-03-29T01:00:00Z").value(),
                                     .offset = hours(2)};
  EXPECT_NE(std::ranges::find(shifts, summer), shifts.end());
  EXPECT_EQ(jobs::format_time(shifts.back().from).substr(0, 7), "2099-10")
      << "what comes after the written list follows the rule at its end";
}

TEST(TimeZones, OneWithoutSummerTimeHasOneOffset) {
  const auto zone = time_zone("Asia/Kolkata");
  ASSERT_TRUE(zone);
  ASSERT_EQ(zone->shifts.size(), 1U);
  EXPECT_EQ(zone->shifts[0].offset, std::chrono::minutes(330));
}

TEST(TimeZones, OnlyNamesAreLookedUp) {
  for (const char* name :
       {"", "Nowhere/Land", "/usr/share/zoneinfo/Europe/Berlin", "../zoneinfo/Europe/Berlin",
        "file:Europe/Berlin", "Europe", "localtime:", "Europe/Berlin\n"}) {
    EXPECT_FALSE(time_zone(name)) << name;
  }
}

}  // namespace
}  // namespace manifests

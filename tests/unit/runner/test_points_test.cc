#include "runner/test_points.h"

#include <set>

#include <gtest/gtest.h>

namespace runner::test_points {
namespace {

TEST(TestPoints, OnePointAndItsAction) {
  const auto armed = parse("land_before=kill");
  ASSERT_TRUE(armed && armed->size() == 1);
  EXPECT_EQ(armed->front().point, jobs::Point::land_before);
  EXPECT_EQ(armed->front().ordinal, 1U);
  EXPECT_EQ(armed->front().action, Action::kill);
}

TEST(TestPoints, SeveralWithOrdinalsAndNumbers) {
  const auto armed = parse(
      "store_before_commit#7=stop;effect_after_claim#each=delay:250;process_start=clock:-3600;"
      "tick_after_end=clock:+315360000;run_decided=error;observe_turn=boot;");
  ASSERT_TRUE(armed && armed->size() == 6);
  EXPECT_EQ(armed->at(0).ordinal, 7U);
  EXPECT_EQ(armed->at(0).action, Action::stop);
  EXPECT_EQ(armed->at(1).ordinal, 0U);
  EXPECT_EQ(armed->at(1).action, Action::delay);
  EXPECT_EQ(armed->at(1).number, 250);
  EXPECT_EQ(armed->at(2).action, Action::clock);
  EXPECT_EQ(armed->at(2).number, -3600);
  EXPECT_EQ(armed->at(3).number, 315360000);
  EXPECT_EQ(armed->at(4).action, Action::error);
  EXPECT_EQ(armed->at(5).action, Action::boot);
}

TEST(TestPoints, NothingIsArmedByNothing) {
  const auto armed = parse("");
  ASSERT_TRUE(armed);
  EXPECT_TRUE(armed->empty());
}

TEST(TestPoints, WhatMakesNoSenseIsRefusedWhole) {
  for (const char* text :
       {"land_before", "no_such_point=kill", "land_before=explode", "land_before#0=kill",
        "land_before#x=kill", "land_before#-1=kill", "land_before#=kill", "land_before=delay",
        "land_before=delay:-5", "land_before=delay:1s", "land_before=clock:5",
        "land_before=clock:+", "land_before=clock:+-5", "land_before=kill:9", "=kill",
        "land_before=", "land_before=kill;no_such_point=kill"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
}

TEST(TestPoints, EveryNameIsParsedBackToItsPoint) {
  std::set<std::string_view> names;
  for (const std::string_view name : jobs::kPointNames) {
    EXPECT_TRUE(names.insert(name).second) << name << " stands twice in the list";
    const auto armed = parse(std::string(name) + "=kill");
    ASSERT_TRUE(armed && armed->size() == 1) << name;
    EXPECT_EQ(jobs::to_string(armed->front().point), name);
  }
}

}  // namespace
}  // namespace runner::test_points

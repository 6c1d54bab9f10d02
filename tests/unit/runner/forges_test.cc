#include "runner/forges.h"

#include <gtest/gtest.h>

#include "runner/forge/traffic.h"
#include "tests/fakes/stepped_clock.h"

namespace runner {
namespace {

using jobs::ErrorKind;

jobs::Fleet fleet_of_both() {
  const jobs::SecretRef token{jobs::SecretRef::Source::env, "TOKEN"};
  jobs::Fleet fleet;
  fleet.trackers["p"] = {.name = "p",
                         .kind = jobs::TrackerKind::plane,
                         .url = "https://plane.example",
                         .token = token};
  fleet.trackers["f"] = {.name = "f",
                         .kind = jobs::TrackerKind::forgejo,
                         .url = "https://forge.example",
                         .token = token};
  return fleet;
}

class ForgesOfAFleet : public testing::Test {
 protected:
  jobs::Fleet fleet = fleet_of_both();
  jobs::Repo repo{.name = jobs::RepoName("acme/shop"), .tracker_path = "SHOP"};
  fakes::SteppedClock clock{jobs::TimePoint{}};
  Forges forges{fleet, [](const std::string&) { return std::optional<std::string>("s3cret"); },
                clock, nullptr};
};

TEST_F(ForgesOfAFleet, Invariant12_GitNeverGetsTheTokenOfPlane) {
  repo.tracker = "p";
  ASSERT_NE(forges.of("p"), nullptr);
  const auto refused = forges.for_git(repo);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::denied);
  repo.tracker = "f";
  EXPECT_EQ(forges.for_git(repo).value().secret, "s3cret");
}

TEST_F(ForgesOfAFleet, AProjectOfPlaneIsNoPlaceOnAForge) {
  repo.tracker = "p";
  EXPECT_EQ(place_on_forge(fleet, repo), "acme/shop");
  repo.tracker = "f";
  EXPECT_EQ(place_on_forge(fleet, repo), "SHOP");
}

TEST(ForgesLimits, TheCloudOfPlaneIsAskedSixtyTimesAMinute) {
  EXPECT_EQ(forge::limits_of_host("api.plane.so").points_per_minute, 60);
  EXPECT_GT(forge::limits_of_host("plane.example").points_per_minute, 60);
}

}  // namespace
}  // namespace runner

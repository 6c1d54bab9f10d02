// Two ticks at once on one state: one works, the other leaves; and a tick that slept past its lease
// changes nothing any more when it wakes up.
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/scenario_oracle.h"

namespace {

using jobs::Outcome;
using jobs::Verdict;
using scenario::Gate;
using scenario::World;

void script_fix_forward(World& world) {
  for (const char* file : {"a.c", "b.c"}) {
    world.script_commit(file);
    world.script_exit(0);
  }
  world.verdicts = {Verdict::fail, Verdict::pass};
}

const scenario::Expected kFixed{.outcome = Outcome::landed, .landings = 2};

TEST(TwoTicks, Invariant1_TheSecondLeavesAtOnceAndSaysWhoHoldsTheLease) {
  World world;
  world.add_issue(1);
  Gate gate;
  runner::TickReport second;
  std::string before;
  std::string after;
  gate.pause_at(20, [&] {
    before = world.digest();
    second = world.tick();
    after = world.digest();
  });
  const auto first = world.tick(gate, "first:1:1:boot");
  EXPECT_EQ(first.exit_code, 0);
  EXPECT_EQ(second.exit_code, 0) << "another tick holds the lease: that is no failure";
  EXPECT_NE(second.held_by.find("first:1:1:boot"), std::string::npos);
  EXPECT_EQ(before, after);
  EXPECT_EQ(world.executor.starts(), 1);
}

/// The first tick is paused before its n-th call; its lease expires; a second tick works from
/// beginning to end; then the first wakes up.
TEST(TwoTicks, Invariants1To5_ASleeperThatLostItsLeaseDoesNothingTwice) {
  int pauses = 0;
  for (int number = 1;; ++number) {
    SCOPED_TRACE("paused before call " + std::to_string(number));
    World world;
    const auto key = world.add_issue(1);
    script_fix_forward(world);
    Gate gate;
    runner::TickReport second;
    gate.pause_at(number, [&] {
      world.clock.advance(world.fleet.limits.lease_ttl + scenario::seconds(1));
      world.react();
      second = world.tick(*std::make_unique<Gate>(), "second:2:2:boot");
    });
    for (int i = 0; i < 12 && !gate.reached(); ++i) {
      world.react();
      world.tick(gate, "first:1:1:boot");
      world.clock.advance(scenario::minutes(3));
    }
    if (!gate.reached()) {
      break;
    }
    ++pauses;
    EXPECT_TRUE(second.held_by.empty()) << "the lease had expired: " << second.held_by;
    EXPECT_FALSE(second.fatal.has_value()) << second.fatal->text();
    scenario::check_starts(world);
    EXPECT_TRUE(world.until_quiet([&] { scenario::check_starts(world); }));
    scenario::check_quiet(world, key, kFixed);
    for (const auto& delivery : world.notifier.deliveries()) {
      ADD_FAILURE() << delivery.text;
    }
    if (HasFailure()) {
      ADD_FAILURE() << "the call was " << gate.where();
      return;
    }
  }
  std::printf("paused at %d calls\n", pauses);
  EXPECT_GT(pauses, 200);
}

TEST(TwoTicks, Invariant3_ASleepersWritesAreRefusedByItsEpoch) {
  World world;
  world.add_issue(1);
  Gate gate;
  gate.pause_at(40, [&] {
    world.clock.advance(world.fleet.limits.lease_ttl + scenario::seconds(1));
    world.tick(*std::make_unique<Gate>(), "second:2:2:boot");
  });
  const auto first = world.tick(gate, "first:1:1:boot");
  ASSERT_TRUE(gate.reached());
  ASSERT_TRUE(first.fatal.has_value());
  EXPECT_EQ(first.fatal->kind, jobs::ErrorKind::conflict);
  EXPECT_NE(first.exit_code, 0);
}

TEST(TwoTicks, Invariant1_ManyTicksInThreadsStartEachTurnOnce) {
  for (int round = 0; round < 10; ++round) {
    World world;
    const auto key = world.add_issue(1);
    script_fix_forward(world);
    std::mutex one_call_at_a_time;
    for (int i = 0; i < 12; ++i) {
      world.react();
      world.clock.advance(scenario::minutes(3));
      std::vector<std::jthread> ticks;
      for (int t = 0; t < 4; ++t) {
        ticks.emplace_back([&, t] {
          Gate gate;
          gate.share(one_call_at_a_time);
          world.tick(gate, "thread-" + std::to_string(t) + ":1:1:boot");
        });
      }
      ticks.clear();
      scenario::check_starts(world);
    }
    EXPECT_TRUE(world.until_quiet());
    scenario::check_quiet(world, key, kFixed);
  }
}

}  // namespace

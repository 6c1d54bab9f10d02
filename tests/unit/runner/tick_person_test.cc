#include <gtest/gtest.h>

#include "tests/support/scenario_oracle.h"

namespace {

using jobs::ErrorKind;
using jobs::Outcome;
using scenario::World;

jobs::Run only_run(World& world) {
  return scenario::must(world.store->runs({})).at(0);
}

TEST(Tick, APersonsCancelIsCarriedOutOnce) {
  World world;
  const auto key = world.add_issue(1);
  fakes::FakeExecutor::Script script;
  script.hangs = true;
  world.executor.script(std::move(script));
  world.tick();
  ASSERT_TRUE(world.store->add_request({.run = only_run(world).id,
                                        .kind = jobs::RequestKind::cancel,
                                        .by = "bob",
                                        .why = "wrong issue",
                                        .at = world.clock.now()}));
  ASSERT_TRUE(world.until_quiet());
  EXPECT_TRUE(scenario::must(world.store->requests()).empty());
  scenario::check_quiet(world, key, {.outcome = Outcome::cancelled});
  EXPECT_EQ(world.executor.stop_reasons().size(), 1U);
}

TEST(Tick, ACancelDoesNotWaitForWhatIsRetriedInVain) {
  World world;
  const auto key = world.add_issue(1);
  world.git.fail_next("prepare", jobs::fail(ErrorKind::transient, "no network"), 1000);
  for (int i = 0; i < 6; ++i) {  // the waits between the tries have grown long by then
    world.tick();
    world.clock.advance(scenario::minutes(40));
  }
  world.tick();
  ASSERT_TRUE(world.store->add_request({.run = only_run(world).id,
                                        .kind = jobs::RequestKind::cancel,
                                        .by = "bob",
                                        .why = {},
                                        .at = world.clock.now()}));
  const jobs::TimePoint asked = world.clock.now();
  ASSERT_TRUE(world.until_quiet());
  EXPECT_LT(world.clock.now() - asked, scenario::minutes(30));
  scenario::check_quiet(world, key, {.outcome = Outcome::cancelled});
}

TEST(Tick, ARepositoryThatLeavesTheAllowlistCancelsItsRun) {
  World world;
  const auto key = world.add_issue(1);
  fakes::FakeExecutor::Script script;
  script.hangs = true;
  world.executor.script(std::move(script));
  world.tick();
  world.fleet.allow.clear();
  ASSERT_TRUE(world.until_quiet());
  scenario::check_quiet(world, key, {.outcome = Outcome::cancelled});
}

TEST(Tick, Invariant6_WhatALostTurnLeftRunningIsKilledWithoutAPerson) {
  World world;
  world.add_issue(1);
  fakes::FakeExecutor::Script script;
  script.hangs = true;
  world.executor.script(std::move(script));
  world.tick();
  const jobs::Run run = only_run(world);
  world.executor.lose(scenario::must(world.store->turns(run.id)).at(0).directory, 3);
  ASSERT_EQ(world.executor.processes(), 3);
  world.executor.script({.blocked = "no"});
  ASSERT_TRUE(world.until_quiet());
  EXPECT_EQ(only_run(world).outcome, Outcome::needs_human);
  EXPECT_EQ(world.executor.processes(), 0);
}

TEST(Explain, SaysEveryGateAlsoWhenTheSwitchIsOn) {
  World world;
  const auto key = world.add_issue(1);
  const auto open = runner::explain_now(world.readers(), world.fleet, false, "", key);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->reason, jobs::Reason::selected);
  EXPECT_EQ(open->gates.size(), static_cast<std::size_t>(jobs::kReasonCount - 1));
  const auto shut = runner::explain_now(world.readers(), world.fleet, true, "paused by bob", key);
  ASSERT_TRUE(shut);
  EXPECT_EQ(shut->reason, jobs::Reason::kill_switch);
  const auto unknown = runner::explain_now(world.readers(), world.fleet, false, "",
                                           {.repo = jobs::RepoName("acme/shopp"), .number = 1});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().hint.find("acme/shop"), std::string::npos);
}

}  // namespace

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/scenario_oracle.h"

namespace {

using jobs::ErrorKind;
using jobs::Outcome;
using jobs::TickJob;
using runner::TickLine;
using scenario::Gate;
using scenario::World;

bool heard(const World& world, const std::string& event) {
  return std::ranges::any_of(world.lines,
                             [&](const TickLine& line) { return line.event == event; });
}

jobs::Run only_run(World& world) {
  return scenario::must(world.store->runs({})).at(0);
}

TEST(Tick, AStartToldAsItHappens) {
  World world;
  world.add_issue(1);
  const auto report = world.tick();
  EXPECT_EQ(report.exit_code, 0);
  EXPECT_EQ(report.row.started, 1);
  EXPECT_EQ(report.row.candidates, 1);
  EXPECT_EQ(report.row.effects, 4);
  for (const char* event : {"decision", "set-labels", "upsert-comment", "worktree", "start-turn"}) {
    EXPECT_TRUE(heard(world, event)) << event;
  }
  const auto ticks = scenario::must(world.store->ticks(0));
  ASSERT_EQ(ticks.size(), 1U);
  EXPECT_EQ(ticks[0].exit_code, 0);
  EXPECT_TRUE(ticks[0].ended_at.has_value());
}

TEST(Tick, Invariant8_APauseStopsEverything) {
  World world;
  world.add_issue(1);
  ASSERT_TRUE(world.store->set_pause({.by = "bob", .why = "lunch", .at = world.clock.now()}));
  const std::string before = world.digest();
  const auto report = world.tick();
  EXPECT_TRUE(report.kill_switch);
  EXPECT_NE(report.kill_switch_detail.find("bob"), std::string::npos);
  EXPECT_EQ(report.exit_code, 0);
  EXPECT_EQ(world.digest(), before);
  EXPECT_TRUE(scenario::must(world.store->ticks(0)).empty()) << "not even a row of the tick";
  EXPECT_TRUE(world.tracker.script.calls().empty()) << "nothing is read";
}

TEST(Tick, AHeldLeaseIsNoFailure) {
  World world;
  world.add_issue(1);
  ASSERT_TRUE(world.store->acquire_lease("other:9:9:boot", world.clock.now(),
                                         world.fleet.limits.lease_ttl));
  const auto report = world.tick();
  EXPECT_EQ(report.exit_code, 0);
  EXPECT_NE(report.held_by.find("other:9:9:boot"), std::string::npos);
  EXPECT_EQ(world.executor.starts(), 0);
  EXPECT_TRUE(scenario::must(world.store->ticks(0)).empty());
}

TEST(Tick, TheLeaseIsGivenBack) {
  World world;
  world.tick();
  EXPECT_TRUE(world.store->acquire_lease("other:9:9:boot", world.clock.now(),
                                         world.fleet.limits.lease_ttl));
}

TEST(Tick, ABrokenRepositoryDoesNotStopTheOthers) {
  World world;
  for (const char* name : {"acme/lib", "acme/web"}) {
    const jobs::Repo repo = scenario::repo(name);
    world.fleet.repos.push_back(repo);
    world.add_repo(repo);
  }
  world.add_issue(1, "acme/shop");
  world.add_issue(1, "acme/lib");
  world.git.remove_remote(scenario::repo("acme/shop").remote);
  world.fleet.repos.back().tracker = "nowhere";
  const auto report = world.tick();
  EXPECT_EQ(report.exit_code, 1);
  EXPECT_FALSE(report.fatal.has_value());
  ASSERT_EQ(report.decisions.size(), 2U);
  for (const jobs::Decision& decision : report.decisions) {
    const bool works = decision.issue.repo.str() == "acme/lib";
    EXPECT_EQ(decision.reason, works ? jobs::Reason::selected : jobs::Reason::base_unreadable);
  }
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_NE(report.problems[0].find("acme/web"), std::string::npos);
  EXPECT_TRUE(heard(world, "problem"));
}

TEST(Tick, ABrokenRunDoesNotStopTheOthers) {
  World world;
  const jobs::Repo lib = scenario::repo("acme/lib");
  world.fleet.repos.push_back(lib);
  world.add_repo(lib);
  world.add_issue(1, "acme/shop");
  world.add_issue(1, "acme/lib");
  world.git.fail_next("prepare", jobs::fail(ErrorKind::transient, "the disk is full"));
  const auto report = world.tick();
  EXPECT_EQ(report.exit_code, 1);
  EXPECT_EQ(world.executor.starts(), 1) << "one of the two runs goes on";
  EXPECT_TRUE(heard(world, "retry"));
}

TEST(Tick, AnEffectIsTriedAgainLaterAndLater) {
  World world;
  world.add_issue(1);
  world.git.fail_next("prepare", jobs::fail(ErrorKind::transient, "no network"), 1000);
  std::vector<jobs::Duration> waits;
  jobs::TimePoint last = world.clock.now();
  int seen = 0;
  for (int minute = 0; minute < 8 * 60 && waits.size() < 7; ++minute) {
    world.tick();
    if (world.git.calls("prepare") > seen) {
      seen = world.git.calls("prepare");
      waits.push_back(world.clock.now() - last);
      last = world.clock.now();
    }
    world.clock.advance(scenario::minutes(1));
  }
  EXPECT_EQ(waits, (std::vector<jobs::Duration>{scenario::minutes(0), scenario::minutes(1),
                                                scenario::minutes(2), scenario::minutes(4),
                                                scenario::minutes(8), scenario::minutes(16),
                                                scenario::minutes(32)}));
  EXPECT_NE(only_run(world).last_error.find("no network"), std::string::npos);
}

TEST(Tick, Invariant3_AnEffectThatNeverSucceedsIsVisiblyGivenUp) {
  World world;
  const auto key = world.add_issue(1);
  world.git.fail_next("prepare", jobs::fail(ErrorKind::transient, "no network"), 1000);
  for (int i = 0; i < 12; ++i) {
    world.tick();
    world.clock.advance(scenario::hours(1));
  }
  EXPECT_EQ(world.git.calls("prepare"), 8);
  EXPECT_TRUE(heard(world, "given-up"));
  const jobs::Run run = only_run(world);
  EXPECT_EQ(run.outcome, Outcome::needs_human);
  EXPECT_FALSE(run.charged) << "not the issue's fault";
  EXPECT_EQ(world.notifier.seen().size(), 1U);
  scenario::check_quiet(world, key, {.outcome = Outcome::needs_human, .notifications = 1});
}

TEST(Tick, AnEffectThatIsNoUseTryingAgainIsGivenUpAtOnce) {
  World world;
  world.add_issue(1);
  world.git.fail_next("prepare", jobs::fail(ErrorKind::not_found, "no branch main"));
  world.tick();
  EXPECT_EQ(world.git.calls("prepare"), 1);
  EXPECT_EQ(only_run(world).outcome, Outcome::needs_human);
}

TEST(Tick, AStoreThatFailsEndsTheTickWithItsOwnExitCode) {
  World world;
  world.add_issue(1);
  Gate gate;
  gate.pause_at(20, [&] {
    world.clock.advance(world.fleet.limits.lease_ttl + scenario::seconds(1));
    ASSERT_TRUE(world.store->acquire_lease("other:9:9:boot", world.clock.now(),
                                           world.fleet.limits.lease_ttl));
  });
  const auto report = world.tick(gate, "first:1:1:boot");
  ASSERT_TRUE(report.fatal.has_value());
  EXPECT_EQ(report.exit_code, jobs::exit_code(ErrorKind::conflict));
}

TEST(Tick, Invariant7_ADryRunWritesNothing) {
  World world;
  world.add_issue(1);
  const std::string before = world.digest();
  std::vector<TickLine> lines;
  // Its signature takes no writer port: that it cannot write is checked by the compiler.
  const auto report = runner::dry_run_tick(world.readers(), world.fleet, {},
                                           [&](const TickLine& line) { lines.push_back(line); });
  EXPECT_TRUE(report.dry_run);
  EXPECT_EQ(report.exit_code, 0);
  ASSERT_EQ(report.decisions.size(), 1U);
  EXPECT_EQ(report.decisions[0].reason, jobs::Reason::selected);
  EXPECT_EQ(report.planned.size(), 4U) << "what it would do is in the plan";
  EXPECT_EQ(world.digest(), before);
  EXPECT_TRUE(world.tracker.script.changes().empty());
  EXPECT_EQ(world.executor.start_calls(), 0);
  EXPECT_EQ(world.git.calls("prepare"), 0);
  EXPECT_TRUE(scenario::must(world.store->ticks(0)).empty());
  EXPECT_EQ(scenario::must(world.store->counters()).decisions.size(), 0U);
}

TEST(Tick, Invariant7_ADryRunOverALiveRunWritesNothingEither) {
  World world;
  world.script_commit("a.c");
  world.add_issue(1);
  world.tick();
  const std::string before = world.digest();
  const auto report =
      runner::dry_run_tick(world.readers(), world.fleet, {}, [](const TickLine&) {});
  EXPECT_EQ(world.digest(), before);
  EXPECT_TRUE(std::ranges::any_of(
      report.steps, [](const jobs::PlannedStep& step) { return step.action == "advance"; }));
}

TEST(Tick, Invariant16_NothingDueChangesOnlyTheTicksOwnRow) {
  World world;
  world.add_repo(world.fleet.repos.front());
  world.tick();
  const std::string before = world.digest();
  const int prepared = world.git.calls("prepare");
  world.clock.advance(scenario::minutes(5));
  const auto report = world.tick();
  EXPECT_EQ(report.exit_code, 0);
  EXPECT_EQ(report.row.effects, 0);
  EXPECT_EQ(world.digest(), before);
  EXPECT_EQ(world.git.calls("prepare"), prepared);
  EXPECT_TRUE(world.tracker.script.changes().empty());
}

TEST(Tick, OnlyTheWantedJobsRunAndInTheRightOrder) {
  World world;
  world.add_issue(1);
  Gate gate;
  auto report = world.tick(gate, "host:1:1:boot", {TickJob::janitor, TickJob::watch});
  EXPECT_EQ(report.row.jobs, (std::vector{TickJob::watch, TickJob::janitor}));
  EXPECT_EQ(world.executor.starts(), 0);
  report = world.tick(gate, "host:1:1:boot", {TickJob::poll});
  EXPECT_EQ(world.executor.starts(), 1);
}

TEST(Tick, OneCommentThroughAllRunsOfAnIssueWhateverIsDoneToIt) {
  World world;
  const auto key = world.add_issue(1);
  world.executor.script({.blocked = "no"});
  const auto mangle = [&] {
    // A person edits our comment, and its marker is gone.
    const auto comments = world.tracker.comments_of(key);
    ASSERT_EQ(comments.size(), 1U);
    ASSERT_TRUE(world.tracker.upsert_comment(
        world.fleet.repos.at(0), 1,
        {.marker = "thanks", .body = "thanks", .id = comments.at(0).id}));
  };
  world.tick();
  EXPECT_EQ(only_run(world).comment, world.tracker.comments_of(key).at(0).id);
  mangle();
  ASSERT_TRUE(world.until_quiet());
  ASSERT_EQ(only_run(world).outcome, Outcome::needs_human);
  mangle();
  world.tracker.unlabel(key, world.fleet.labels.human);
  world.tracker.label(key, world.fleet.labels.ready, "alice", world.clock.now());
  world.clock.advance(scenario::hours(48));
  world.tick();
  EXPECT_EQ(world.executor.starts(), 2);
  const auto comments = world.tracker.comments_of(key);
  ASSERT_EQ(comments.size(), 1U);
  EXPECT_NE(comments[0].body.find("runner:checklist"), std::string::npos) << comments[0].body;
}

TEST(Tick, AStagesOwnPromptIsWhatItsAgentGets) {
  World world;
  jobs::Pipeline pipeline = jobs::default_pipeline();
  pipeline.stages.front().prompt = "You {{stage}}: {{title}}";
  world.fleet.pipelines["default"] = pipeline;
  world.add_issue(1);
  world.tick();
  const jobs::TurnSpec* spec =
      world.executor.spec(scenario::must(world.store->turns(only_run(world).id)).at(0).directory);
  ASSERT_NE(spec, nullptr);
  EXPECT_EQ(spec->prompt, "You implement: " + only_run(world).title);
}

TEST(NeverAgain, AFrozenIssueStartsAgainOnlyWhenAPersonSaysSo) {
  World world;
  const auto key = world.add_issue(1);
  world.executor.script({.blocked = "no"});
  ASSERT_TRUE(world.until_quiet());
  ASSERT_EQ(only_run(world).outcome, Outcome::needs_human);
  // Even if taking the label off had not worked.
  world.tracker.label(key, world.fleet.labels.ready, "alice", scenario::kNow - scenario::hours(1));
  world.tracker.unlabel(key, world.fleet.labels.human);
  world.clock.advance(scenario::hours(48));
  auto report = world.tick();
  ASSERT_EQ(report.decisions.size(), 1U);
  EXPECT_EQ(report.decisions[0].reason, jobs::Reason::human_label);
  EXPECT_EQ(world.executor.starts(), 1);
  world.tracker.label(key, world.fleet.labels.ready, "alice", world.clock.now());
  world.clock.advance(scenario::minutes(1));
  report = world.tick();
  EXPECT_EQ(report.decisions.at(0).reason, jobs::Reason::selected);
  EXPECT_EQ(world.executor.starts(), 2);
}

TEST(NeverAgain, Invariant5_WhatRetentionTookStillCountsAgainstTheIssue) {
  World world;
  const auto key = world.add_issue(1);
  world.executor.script({.blocked = "no"});
  ASSERT_TRUE(world.until_quiet());
  world.fleet.budget.issue_turns = 1;
  world.clock.advance(scenario::hours(24) * 200);
  world.tick();
  world.clock.advance(scenario::hours(24) * 200);
  world.tick();
  ASSERT_TRUE(scenario::must(world.store->runs({})).empty());
  world.tracker.unlabel(key, world.fleet.labels.human);
  world.tracker.label(key, world.fleet.labels.ready, "alice", world.clock.now());
  world.clock.advance(scenario::minutes(1));
  EXPECT_EQ(world.tick().decisions.at(0).reason, jobs::Reason::budget);
}

TEST(NeverAgain, ALandedIssueWhoseLabelStayedDoesNotStartAgain) {
  World world;
  const auto key = world.add_issue(1);
  world.script_commit("a.c");
  world.script_exit(0);
  ASSERT_TRUE(world.until_quiet());
  ASSERT_EQ(only_run(world).outcome, Outcome::landed);
  world.tracker.set_open(key, true);
  world.tracker.label(key, world.fleet.labels.ready, "alice", scenario::kNow - scenario::hours(1));
  world.clock.advance(scenario::hours(48));
  EXPECT_EQ(world.tick().decisions.at(0).reason, jobs::Reason::human_label);
}

TEST(NeverAgain, ATurnIsNotStartedBesideItsOwnSuccessor) {
  World world;
  world.add_issue(1);
  world.executor.fail_start(jobs::fail(ErrorKind::transient, "no process"));
  world.tick();
  ASSERT_EQ(world.executor.starts(), 0) << "its start is to be tried again";
  for (int i = 0; i < 10; ++i) {
    world.clock.advance(scenario::minutes(1));
    world.tick();
    EXPECT_LE(world.executor.processes(), 1);
    scenario::check_starts(world);
  }
  EXPECT_EQ(world.executor.starts(), 1);
}

}  // namespace

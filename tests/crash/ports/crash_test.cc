// The program stops before and after its n-th port call, for every n, and is started afresh on what
// is left. Then ticks alone must bring everything into agreement.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "jobs/pipelines/pull_text.h"
#include "runner/store/store.h"
#include "tests/support/scenario_oracle.h"

namespace {

using jobs::Outcome;
using jobs::Verdict;
using scenario::Crash;
using scenario::Gate;
using scenario::World;

struct Scenario {
  std::string name;
  std::function<jobs::IssueKey(World&)> set_up;
  scenario::Expected expected;
  /// What a person does after the first tick that was not stopped.
  std::function<void(World&)> person = {};
};

jobs::IssueKey one_issue(World& world) {
  return world.add_issue(1);
}

jobs::IssueKey by_pull_request(World& world) {
  world.fleet.repos.front().landing = jobs::LandingMode::pull_request;
  world.script_commit("a.c");
  world.script_exit(0);
  return one_issue(world);
}

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"idle",
       [](World& world) {
         const auto key = world.add_issue(1);
         world.tracker.unlabel(key, world.fleet.labels.ready);
         return key;
       },
       {}},
      {"land_and_close",
       [](World& world) {
         world.script_commit("a.c");
         world.script_exit(0);
         return one_issue(world);
       },
       {.outcome = Outcome::landed, .landings = 1}},
      {"verify_red_then_green",
       [](World& world) {
         world.script_commit("a.c");
         world.script_exit(1);
         world.script_commit("b.c");
         world.script_exit(0);
         return one_issue(world);
       },
       {.outcome = Outcome::landed, .landings = 1}},
      {"fix_forward",
       [](World& world) {
         for (const char* file : {"a.c", "b.c"}) {
           world.script_commit(file);
           world.script_exit(0);
         }
         world.verdicts = {Verdict::fail, Verdict::pass};
         return one_issue(world);
       },
       {.outcome = Outcome::landed, .landings = 2}},
      {"freeze",
       [](World& world) {
         for (const char* file : {"a.c", "b.c"}) {
           world.script_commit(file);
           world.script_exit(0);
         }
         world.fleet.limits.fix_attempts = 1;
         world.verdicts = {Verdict::fail};
         return one_issue(world);
       },
       {.outcome = Outcome::frozen, .landings = 2, .notifications = 1}},
      {"pull_request",
       [](World& world) {
         world.fleet.repos.front().merge_when_green = true;
         return by_pull_request(world);
       },
       {.outcome = Outcome::landed, .landings = 1}},
      {"pull_request_red_then_merged_by_a_person",
       [](World& world) {
         const auto key = by_pull_request(world);
         world.script_commit("b.c");
         world.script_exit(0);
         world.pull_verdicts = {Verdict::fail, Verdict::pass};
         world.people = [&world](const jobs::Run& run) {
           if (world.proposed.size() > 1) {
             world.pulls.press_merge(world.fleet.repos.front(), jobs::pull_branch(run));
           }
         };
         return key;
       },
       {.outcome = Outcome::landed, .landings = 1}},
      {"pull_request_closed",
       [](World& world) {
         const auto key = by_pull_request(world);
         world.people = [&world](const jobs::Run& run) {
           world.pulls.press_close(world.fleet.repos.front(), jobs::pull_branch(run));
         };
         return key;
       },
       {.outcome = Outcome::needs_human, .landings = 0, .notifications = 1}},
      {"blocked",
       [](World& world) {
         fakes::FakeExecutor::Script script;
         script.blocked = "there is no such table";
         script.work = [&world](const jobs::TurnSpec& spec) {
           world.git.commit(spec.run, {{"half.c", "half"}});
         };
         world.executor.script(std::move(script));
         return one_issue(world);
       },
       {.outcome = Outcome::needs_human, .landings = 0, .notifications = 1}},
      {"cancel",
       [](World& world) {
         fakes::FakeExecutor::Script script;
         script.hangs = true;
         world.executor.script(std::move(script));
         return one_issue(world);
       },
       {.outcome = Outcome::cancelled},
       [](World& world) {
         world.tracker.unlabel({.repo = jobs::RepoName("acme/shop"), .number = 1},
                               world.fleet.labels.ready);
       }},
  };
  return all;
}

/// Runs the scenario with a stop at the n-th call. False once n is beyond the last call.
bool run_with_crash(World& world, const Scenario& each, int number, Gate::When when) {
  const jobs::IssueKey key = each.set_up(world);
  Gate gate;
  gate.crash_at(number, when);
  gate.inspect([&](const std::string& call) { scenario::check_is_recorded(world, call); });
  bool person_came = false;
  int quiet = 0;
  bool crashed = false;
  for (int i = 0; i < 60 && quiet < 2 && !crashed; ++i) {
    world.react();
    const std::string before = world.digest();
    try {
      world.tick(gate);
    } catch (const Crash&) {
      crashed = true;
    }
    if (each.person && !person_came && !crashed) {
      person_came = true;
      each.person(world);
    }
    quiet = world.digest() == before ? quiet + 1 : 0;
    world.clock.advance(scenario::minutes(3));
  }
  scenario::check_starts(world);
  if (each.person && !person_came) {
    EXPECT_TRUE(world.until_quiet());
    each.person(world);
  }
  EXPECT_TRUE(world.until_quiet([&] { scenario::check_starts(world); })) << "never quiet";
  scenario::check_quiet(world, key, each.expected);
  // Nobody does anything for days: what is over stays over (invariant 9).
  const int starts = world.executor.starts();
  for (int day = 0; day < 3; ++day) {
    world.clock.advance(scenario::hours(24));
    world.tick();
  }
  EXPECT_EQ(world.executor.starts(), starts) << "invariant 9: it started again by itself";
  return crashed;
}

class CrashAtPorts : public testing::TestWithParam<Scenario> {};

TEST_P(CrashAtPorts, Invariants1To9And14And15_HoldAfterAStopAtEveryCall) {
  int stops = 0;
  for (const Gate::When when : {Gate::When::before, Gate::When::after}) {
    for (int number = 1;; ++number) {
      SCOPED_TRACE(GetParam().name + (when == Gate::When::before ? ": before" : ": after") +
                   " call " + std::to_string(number));
      World world;
      if (!run_with_crash(world, GetParam(), number, when)) {
        break;
      }
      ++stops;
      if (HasFailure()) {
        return;
      }
    }
  }
  std::printf("%s: stopped at %d points\n", GetParam().name.c_str(), stops);
  EXPECT_GT(stops, 40);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, CrashAtPorts, testing::ValuesIn(scenarios()),
                         [](const auto& each) { return each.param.name; });

class CrashOnSqlite : public testing::TestWithParam<Scenario> {};

/// The same on the real store, at a few points of each scenario.
TEST_P(CrashOnSqlite, Invariants1To9And14And15_HoldOnTheRealStore) {
  namespace fs = std::filesystem;
  // In memory where there is such a place: nobody cuts the power here, and syncs are slow.
  const fs::path memory = "/dev/shm";
  const fs::path root = (::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path()) /
                        ("runner-crash-" + GetParam().name + std::to_string(::getpid()));
  int stops = 0;
  for (int number = 5;; number += 11) {
    SCOPED_TRACE(GetParam().name + ": after call " + std::to_string(number));
    fs::remove_all(root);
    fs::create_directories(root);
    auto store = runner::store::open_store({.state_dir = root.string(), .now = scenario::kNow});
    ASSERT_TRUE(store) << store.error().text();
    World world(std::move(*store));
    if (!run_with_crash(world, GetParam(), number, Gate::When::after) || HasFailure()) {
      break;
    }
    ++stops;
  }
  fs::remove_all(root);
  std::printf("%s: stopped at %d points on SQLite\n", GetParam().name.c_str(), stops);
  EXPECT_GE(stops, 1);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, CrashOnSqlite, testing::ValuesIn(scenarios()),
                         [](const auto& each) { return each.param.name; });

}  // namespace

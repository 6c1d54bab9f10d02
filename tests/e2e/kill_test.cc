// Ticks that are killed at any instant of a run's life.
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

namespace fs = std::filesystem;

int checklists(const SmallFleet& fleet) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fleet.folder() + "/issues")) {
    const bool comment = entry.path().string().find(".comments") != std::string::npos;
    count += comment && entry.path().extension() == ".md" ? 1 : 0;
  }
  return count;
}

/// One issue from claim to close, with every tick killed after up to `most` milliseconds until
/// `kills` are spent.
void live_through(int kills, int most, std::mt19937& random) {
  SmallFleet fleet;
  fleet.other_tables =
      "\n[ci.gate]\nkind = \"command\"\n"
      "command = [\"/bin/sh\", \"-c\", \"test $(git rev-list --count --no-merges HEAD) -ge 3\"]\n";
  // CI is green only with the commit of a second turn: the run is fixed forward once.
  fleet.scripted("coder", {"commits", "1", "usage", "{\"usd\": \"0.10\", \"tokens\": 1000}"});
  fleet.repo("acme/shop", "coder", "ci = \"gate\"\nsetup = [[\"sleep\", \"0.05\"]]\n");
  fleet.issue("acme/shop", 1);
  fleet.write();
  for (int i = 0; i < kills; ++i) {
    Started tick = fleet.play.start({"tick"});
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::uniform_int_distribution<int>(1, most)(random)));
    tick.kill(SIGKILL);
    (void)tick.finish();
  }
  ASSERT_TRUE(fleet.tick_until_quiet(60)) << fleet.run({"runs"}).out << fleet.tick().out;
  const auto runs = fleet.runs();
  ASSERT_EQ(runs.size(), 1U) << "one claim";
  const RunSeen& run = runs.front();
  EXPECT_EQ(run.outcome, "landed") << run.reason;
  EXPECT_EQ(fleet.agent_starts(), 2) << "each turn was started once";
  EXPECT_EQ(run.settled_turns, 2) << "every turn is in the books";
  EXPECT_FALSE(run.reserved_left);
  EXPECT_EQ(fleet.commits_landed("acme/shop"), 2) << "each landed once";
  EXPECT_EQ(fleet.git(fleet.remote("acme/shop"), {"rev-list", "--count", "--merges", "main"}), "2");
  EXPECT_EQ(checklists(fleet), 1);
  const std::string issue = fleet.issue_text("acme/shop", 1);
  EXPECT_NE(issue.find("state = \"closed\""), std::string::npos) << issue;
  EXPECT_EQ(issue.find("agent-in-progress"), std::string::npos) << issue;
  EXPECT_EQ(fleet.notifications().size(), 0U);
  EXPECT_EQ(fleet.processes(), "");
}

TEST(KilledTicks, Invariant4_TicksKilledAtAnyInstantConverge) {
  const char* given = std::getenv("RUNNER_TEST_SEED");
  const unsigned seed = given == nullptr ? std::random_device{}()
                                         : static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("RUNNER_TEST_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  live_through(/*kills=*/20, /*most=*/250, random);
  live_through(/*kills=*/10, /*most=*/600, random);
}

}  // namespace
}  // namespace test_support

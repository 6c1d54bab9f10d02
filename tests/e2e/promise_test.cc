// What a whole program promises and only a whole program can break: a dry run writes nothing, a
// kill switch stops everything, two ticks at once do the work of one.
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/contains.h"
#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

namespace fs = std::filesystem;

bool wait_until_no_process(const SmallFleet& fleet) {
  for (int i = 0; i < 200 && !fleet.processes().empty(); ++i) {
    (void)fleet.shell_output("sleep 0.05");
  }
  return fleet.processes().empty();
}

/// What is new or different, without contents; empty if nothing is.
std::string changed_since(const std::string& before, const std::string& now) {
  std::string out;
  std::istringstream lines(now);
  for (std::string line; before != now && std::getline(lines, line);) {
    const bool differs = before.find(line + "\n") == std::string::npos;
    out += differs ? line.substr(0, 200) + "\n" : "";
  }
  return out.empty() && before != now ? "something is gone" : out;
}

void dry_run_writes_nothing(const SmallFleet& fleet, const std::string& plan) {
  const std::string before = snapshot_of(fleet.folder());
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"tick", "--dry-run"}, {"tick", "--dry-run", "--json"}}) {
    const Answer answer = fleet.run(words);
    EXPECT_EQ(answer.exit_code, 0) << answer.out << answer.error;
    EXPECT_TRUE(contains(answer.out, plan)) << answer.out;
    EXPECT_EQ(changed_since(before, snapshot_of(fleet.folder())), "") << plan;
  }
}

TEST(Promises, Invariant7_DryRunLeavesEveryByteAsItWas) {
  SmallFleet fleet;
  fleet.other_tables =
      "\n[ci.gate]\nkind = \"command\"\ncommand = [\"test\", \"!\", \"-e\", \"red\"]\n";
  fleet.scripted("coder", {"commits", "1"});
  fleet.repo("acme/shop", "coder", "ci = \"gate\"\n");
  fleet.write();
  fleet.issue("acme/shop", 1);
  dry_run_writes_nothing(fleet, "start");  // nothing is there yet, not even a state folder
  ASSERT_EQ(fleet.tick().exit_code, 0);
  ASSERT_TRUE(fleet.wait_for_starts(1));
  ASSERT_TRUE(wait_until_no_process(fleet));
  dry_run_writes_nothing(fleet, "advance");  // the agent's turn has ended and nobody knows it yet
  ASSERT_TRUE(fleet.tick_until_quiet(30));
  ASSERT_TRUE(wait_until_no_process(fleet));
  fleet.issue("acme/shop", 2);
  dry_run_writes_nothing(fleet, "start");  // checkouts, a pool and a history are there
}

void nothing_happens(const SmallFleet& fleet, const std::string& why, int exit_code) {
  const std::string before = snapshot_of(fleet.folder());
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"tick"}, {"tick", "--job", "poll"}}) {
    const Answer answer = fleet.run(words);
    EXPECT_EQ(answer.exit_code, exit_code) << answer.out << answer.error;
    EXPECT_TRUE(contains(answer.out + answer.error, why)) << answer.out << answer.error;
    EXPECT_EQ(changed_since(before, snapshot_of(fleet.folder())), "") << why;
    EXPECT_EQ(fleet.processes(), "");
  }
}

TEST(Promises, Invariant8_KillSwitchOfAnySourceStopsEverything) {
  SmallFleet fleet;
  fleet.fleet_lines = "";  // on is the default
  fleet.scripted("coder", {"commits", "1"});
  fleet.repo("acme/shop", "coder");
  fleet.write();
  fleet.issue("acme/shop", 1);
  nothing_happens(fleet, "kill switch", 0);
  fleet.play.environment = {"RUNNER_KILL_SWITCH=off"};
  nothing_happens(fleet, "kill switch", 0);  // what one source holds on no other turns off
  fleet.fleet_lines = "kill_switch = false\n";
  fleet.write();
  fleet.play.environment = {"RUNNER_KILL_SWITCH=1"};
  nothing_happens(fleet, "RUNNER_KILL_SWITCH", 0);
  for (const char* garbage : {"RUNNER_KILL_SWITCH=fales", "RUNNER_KILL_SWITCH="}) {
    fleet.play.environment = {garbage};
    nothing_happens(fleet, "RUNNER_KILL_SWITCH", 2);  // an error, and on
  }
  EXPECT_FALSE(fs::exists(fleet.folder() + "/state"));
  fleet.play.environment.clear();
  ASSERT_EQ(fleet.run({"pause", "--why", "we are moving"}).exit_code, 0);
  nothing_happens(fleet, "we are moving", 0);
  ASSERT_EQ(fleet.run({"resume"}).exit_code, 0);
  ASSERT_TRUE(fleet.tick_until_quiet(30));
  EXPECT_EQ(fleet.run_of("acme/shop").outcome, "landed");
}

TEST(Promises, Invariant1_TwoTicksAtOnceDoTheWorkOfOne) {
  SmallFleet fleet;
  fleet.scripted("coder", {"commits", "1"});
  fleet.repo("acme/shop", "coder");
  fleet.write();
  for (int round = 1; round <= 5; ++round) {
    SCOPED_TRACE(round);
    fleet.issue("acme/shop", round);
    Started one = fleet.play.start({"tick"});
    Started two = fleet.play.start({"tick"});
    for (Started* tick : {&one, &two}) {
      const Answer answer = tick->finish();
      EXPECT_EQ(answer.exit_code, 0) << answer.out << answer.error;
    }
    EXPECT_EQ(fleet.runs().size(), static_cast<std::size_t>(round)) << "exactly one claim";
    ASSERT_TRUE(fleet.tick_until_quiet(30)) << fleet.run({"runs"}).out;
    EXPECT_EQ(fleet.agent_starts(), round);
    EXPECT_EQ(fleet.commits_landed("acme/shop"), round);
  }
}

TEST(Promises, Invariant1_SecondTickLeavesAndSaysWhoIsAtWork) {
  SmallFleet fleet;
  fleet.scripted("coder", {"commits", "1"});
  const std::string here = fleet.folder();
  fleet.repo("acme/shop", "coder",
             "setup = [[\"/bin/sh\", \"-c\", \"touch " + here +
                 "/at-work; for i in $(seq 500); do [ -e " + here +
                 "/go-on ] && exit 0; sleep 0.02; done\"]]\n");
  fleet.write();
  fleet.issue("acme/shop", 1);
  Started first = fleet.play.start({"tick"});
  for (int i = 0; i < 500 && !fs::exists(here + "/at-work"); ++i) {
    (void)fleet.shell_output("sleep 0.02");
  }
  const Answer second = fleet.tick();
  EXPECT_EQ(second.exit_code, 0) << second.error;
  EXPECT_TRUE(contains(second.out, "lease")) << second.out;
  write_file(here + "/go-on", "");
  EXPECT_EQ(first.finish().exit_code, 0);
  ASSERT_TRUE(fleet.tick_until_quiet(30)) << fleet.run({"runs"}).out;
  EXPECT_EQ(fleet.runs().size(), 1U);
  EXPECT_EQ(fleet.agent_starts(), 1);
}

TEST(Promises, Invariant12_SecretOfTheAgentAppearsNowhere) {
  const std::string secret = "s3cr3t-ZXCVBN-0123456789";
  SmallFleet fleet;
  fleet.shell("leaky",
              "echo \"token: $SHOP_TOKEN\"; printf '%s' \"$SHOP_TOKEN\" | base64; "
              "runner report --note \"token $SHOP_TOKEN\"; "
              "runner report --blocked \"cannot log in with $SHOP_TOKEN\"",
              "pass_env = [\"SHOP_TOKEN\"]\n");
  fleet.shell("printer",
              "echo $SHOP_TOKEN >&2; echo x > x; git add x; git commit -q -m work; exit 3",
              "pass_env = [\"SHOP_TOKEN\"]\n");
  fleet.repo("acme/blocked", "leaky");
  fleet.repo("acme/failed", "printer");
  fleet.write();
  fleet.issue("acme/blocked", 1);
  fleet.issue("acme/failed", 1);
  fleet.play.environment = {"SHOP_TOKEN=" + secret};
  ASSERT_TRUE(fleet.tick_until_quiet(30)) << fleet.run({"runs"}).out;
  EXPECT_TRUE(contains(fleet.run_of("acme/blocked").reason, "[redacted]"))
      << fleet.run_of("acme/blocked").reason;
  std::string shown = fleet.tick().out + fleet.run({"status", "--json"}).out;
  for (const RunSeen& run : fleet.runs()) {
    const Answer transcript = fleet.run({"logs", run.id});
    EXPECT_TRUE(contains(transcript.out, "[redacted]")) << transcript.out;
    shown += transcript.out + fleet.run({"runs", "show", run.id, "--json"}).out;
  }
  shown += fleet.run({"metrics"}).out;
  EXPECT_FALSE(contains(shown, secret)) << shown;
  const std::string base64 = fleet.shell_output("printf %s " + secret + " | base64");
  for (const std::string& form : {secret, base64}) {
    EXPECT_EQ(fleet.shell_output("grep -rlaF -e " + form + " . ; true"), "");
  }
}

}  // namespace
}  // namespace test_support

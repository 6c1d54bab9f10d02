// A person changes their mind while an agent works, and a run that was frozen waits for a person.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/contains.h"
#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

void edit(const SmallFleet& fleet, const std::string& repo, const std::string& from,
          const std::string& to) {
  std::string text = fleet.issue_text(repo, 1);
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << text;
  write_file(fleet.issue_file(repo, 1), text.replace(at, from.size(), to));
}

TEST(Person, CancelsByClosingByUnlabellingAndByCommand) {
  SmallFleet fleet;
  fleet.scripted("coder", {"commits", "1", "print", "still working", "hang"});
  for (const char* repo : {"acme/closed", "acme/unlabelled", "acme/command"}) {
    fleet.repo(repo, "coder");
    fleet.issue(repo, 1);
  }
  fleet.write();
  ASSERT_EQ(fleet.tick().exit_code, 0);
  ASSERT_TRUE(fleet.wait_for_starts(3));
  (void)fleet.tick();
  edit(fleet, "acme/closed", "+++\n", "+++\nstate = \"closed\"\n");
  edit(fleet, "acme/unlabelled", "\"ready-for-agent\"", "\"bug\"");
  const Answer asked =
      fleet.run({"runs", "cancel", fleet.run_of("acme/command").id, "--why", "not now"});
  EXPECT_EQ(asked.exit_code, 0) << asked.error;
  ASSERT_TRUE(fleet.tick_until_quiet(40)) << fleet.run({"runs"}).out;
  for (const auto& [repo, why] : std::vector<std::pair<std::string, std::string>>{
           {"acme/closed", "closed by a person"},
           {"acme/unlabelled", "ready-for-agent was taken off"},
           {"acme/command", "not now"}}) {
    SCOPED_TRACE(repo);
    const RunSeen run = fleet.run_of(repo);
    EXPECT_EQ(run.outcome, "cancelled");
    EXPECT_TRUE(contains(run.reason, why)) << run.reason;
    EXPECT_FALSE(run.reserved_left);
    EXPECT_EQ(run.settled_turns, 1) << "what was spent is spent";
    EXPECT_EQ(fleet.commits_landed(repo), 0);
    const std::string issue = fleet.issue_text(repo, 1);
    EXPECT_FALSE(contains(issue, "agent-in-progress")) << issue;
    EXPECT_FALSE(contains(issue, "ready-for-agent")) << issue;
    EXPECT_EQ(contains(issue, "state = \"closed\""), repo == "acme/closed") << issue;
    // Invariant 14: the work is kept under a rescue ref.
    EXPECT_TRUE(contains(
        fleet.shell_output("grep -rl refs/runner/rescue/" + run.id +
                           " state --include=packed-refs; find state -path '*runner/rescue*' "
                           "-name '" +
                           run.id + "*'"),
        run.id));
  }
  EXPECT_EQ(fleet.processes(), "");
  EXPECT_EQ(fleet.agent_starts(), 3);
}

TEST(Person, Invariant9_FrozenStaysFrozenUntilItIsReleased) {
  SmallFleet fleet;
  fleet.limit_lines = "fix_attempts = 1\n";
  fleet.other_tables = "\n[ci.red]\nkind = \"command\"\ncommand = [\"false\"]\n";
  fleet.scripted("coder", {"commits", "1"});
  fleet.repo("acme/shop", "coder", "ci = \"red\"\n");
  fleet.issue("acme/shop", 1);
  fleet.write();
  ASSERT_TRUE(fleet.tick_until_quiet(40)) << fleet.run({"runs"}).out;
  const RunSeen frozen = fleet.run_of("acme/shop");
  ASSERT_EQ(frozen.outcome, "frozen") << frozen.reason;
  EXPECT_EQ(fleet.agent_starts(), 2) << "the opening turn and one corrective turn";
  EXPECT_EQ(fleet.commits_landed("acme/shop"), 2) << "nothing is reverted";
  EXPECT_EQ(fleet.notifications().size(), 1U);
  EXPECT_FALSE(contains(fleet.issue_text("acme/shop", 1), "ready-for-agent"));

  // The old label put back as it was, as an editor that had the file open would.
  fleet.issue("acme/shop", 1);
  (void)fleet.shell_output("sleep 1.1");  // the cooldown
  for (int i = 0; i < 3; ++i) {
    (void)fleet.tick();
  }
  EXPECT_EQ(fleet.runs().size(), 1U) << "it started again by itself";
  EXPECT_TRUE(fleet.reason_of("acme/shop", 1).starts_with("human-label"))
      << fleet.reason_of("acme/shop", 1);

  // A new label alone: the base is still red by what landed. With the release it may start again.
  ASSERT_EQ(fleet.run({"issue", "ready", "acme/shop#1", "--by", "alice"}).exit_code, 0);
  EXPECT_TRUE(fleet.reason_of("acme/shop", 1).starts_with("base-red"))
      << fleet.reason_of("acme/shop", 1);
  (void)fleet.tick();
  EXPECT_EQ(fleet.runs().size(), 1U);
  ASSERT_EQ(fleet.run({"runs", "release", frozen.id, "--why", "look again"}).exit_code, 0);
  EXPECT_TRUE(fleet.tick_until([&] { return fleet.runs().size() == 2; }, 20))
      << fleet.reason_of("acme/shop", 1);
  EXPECT_TRUE(fleet.wait_for_starts(3));
}

}  // namespace
}  // namespace test_support

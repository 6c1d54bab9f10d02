// Remotes, base branches and trackers that are not as they should be: the right reason on the right
// repository, and the rest of the fleet goes on.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/contains.h"
#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

namespace fs = std::filesystem;

TEST(BadWorld, BrokenRemotesAndTrackersAreNamedAndTheRestGoesOn) {
  SmallFleet fleet;
  fleet.scripted("coder", {"commits", "1"});
  fleet.repo("acme/good", "coder");
  fleet.repo("acme/typo", "coder", "base = \"mian\"\n");
  fleet.repo_without_remote("acme/gone", "coder");
  fleet.repo_without_remote("acme/empty", "coder");
  fleet.repo_without_remote("acme/no-git", "coder");
  fleet.repo("acme/no-tracker", "coder");
  fleet.repo("acme/odd-tracker", "coder");
  (void)fleet.shell_output("git init -q --bare -b main remotes/acme/empty.git");
  write_file(fleet.remote("acme/no-git") + "/config", "this is no git repository\n");
  for (const char* repo : {"acme/good", "acme/typo", "acme/gone", "acme/empty", "acme/no-git"}) {
    fleet.issue(repo, 1);
  }
  fs::remove(fleet.folder() + "/issues/acme/no-tracker");
  fs::remove(fleet.folder() + "/issues/acme/odd-tracker");
  write_file(fleet.folder() + "/issues/acme/odd-tracker", "not a folder\n");
  fleet.write();

  const Answer first = fleet.tick();
  EXPECT_EQ(first.exit_code, 1) << "something failed, and the exit code says so";
  EXPECT_TRUE(contains(first.out, "issues/acme/no-tracker")) << first.out;
  EXPECT_TRUE(contains(first.out, "issues/acme/odd-tracker")) << first.out;
  EXPECT_TRUE(fleet.tick_until([&] { return fleet.run_of("acme/good").outcome == "landed"; }, 30));
  EXPECT_EQ(fleet.commits_landed("acme/good"), 1);
  EXPECT_EQ(fleet.runs().size(), 1U) << "nothing was started where nothing can be";

  const std::string typo = fleet.reason_of("acme/typo", 1);
  EXPECT_TRUE(contains(typo, "base-unreadable") && contains(typo, "mian") && contains(typo, "main"))
      << typo;
  const std::string gone = fleet.reason_of("acme/gone", 1);
  EXPECT_TRUE(contains(gone, "base-unreadable") && contains(gone, "gone.git")) << gone;
  const std::string empty = fleet.reason_of("acme/empty", 1);
  EXPECT_TRUE(contains(empty, "base-unreadable") && contains(empty, "empty")) << empty;
  const std::string no_git = fleet.reason_of("acme/no-git", 1);
  EXPECT_TRUE(contains(no_git, "base-unreadable") && contains(no_git, "no-git.git")) << no_git;
  EXPECT_EQ(fleet.processes(), "");
}

/// A test command that changes the remote's base once, while the work is being verified.
std::string meddling(const SmallFleet& fleet, const std::string& repo, const std::string& change) {
  const std::string folder = fleet.folder();
  return "echo verified >> " + folder + "/verified; [ -e " + folder +
         "/meddled ] && exit 0; touch " + folder + "/meddled; git clone -q " + fleet.remote(repo) +
         " " + folder + "/other && cd " + folder + "/other && " + change;
}

const char* const kIdentity =
    "env = { GIT_AUTHOR_NAME = \"bob\", GIT_AUTHOR_EMAIL = \"bob@example.com\", "
    "GIT_COMMITTER_NAME = \"bob\", GIT_COMMITTER_EMAIL = \"bob@example.com\" }\n";

std::string test_command(const std::string& script) {
  return "test = [\"/bin/sh\", \"-c\", '''" + script + "''']\n" + kIdentity;
}

TEST(BadWorld, BaseThatMovedIsMergedAndVerifiedAgainBeforeItLands) {
  SmallFleet fleet;
  fleet.scripted("coder", {"commits", "1"});
  fleet.repo("acme/moved", "coder",
             test_command(meddling(fleet, "acme/moved",
                                   "echo other > other && git add other && "
                                   "git commit -q -m Other && git push -q origin HEAD:main")));
  fleet.issue("acme/moved", 1);
  fleet.write();
  ASSERT_TRUE(fleet.tick_until_quiet(40)) << fleet.run({"runs"}).out;
  EXPECT_EQ(fleet.run_of("acme/moved").outcome, "landed") << fleet.run_of("acme/moved").reason;
  EXPECT_EQ(fleet.commits_landed("acme/moved"), 2) << "the agent's commit and the other one";
  EXPECT_EQ(content_of(fleet.folder() + "/verified"), "verified\nverified\n");
  EXPECT_EQ(fleet.agent_starts(), 1) << "a clean merge needs no agent";
}

TEST(BadWorld, Invariant10_RewrittenBaseIsNeverForced) {
  SmallFleet fleet;
  fleet.scripted("coder", {"commits", "1"});
  fleet.repo("acme/rewritten", "coder",
             test_command(meddling(fleet, "acme/rewritten",
                                   "git commit -q --amend -m Rewritten && "
                                   "git push -q --force origin HEAD:main")));
  fleet.issue("acme/rewritten", 1);
  fleet.write();
  ASSERT_TRUE(fleet.tick_until_quiet(40)) << fleet.run({"runs"}).out;
  const RunSeen run = fleet.run_of("acme/rewritten");
  EXPECT_EQ(run.outcome, "needs-human");
  EXPECT_TRUE(contains(run.reason, "rewritten-base")) << run.reason;
  EXPECT_EQ(fleet.git(fleet.remote("acme/rewritten"), {"log", "--format=%s", "main"}), "Rewritten");
  EXPECT_EQ(fleet.notifications().size(), 1U);
}

}  // namespace
}  // namespace test_support

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "runner/process/sandbox_init.h"
#include "runner/process/sandbox_plan.h"
#include "tests/support/own_folder.h"

namespace runner::process {
namespace {

namespace fs = std::filesystem;
using Access = SandboxPlan::Access;

class SandboxPlanned : public testing::Test {
 protected:
  SandboxPlanned() {
    for (const char* folder :
         {"state/turns/r1/1/agent/tmp", "state/worktrees/x/w1", "state/mirrors", "tools/bin",
          "cache", "npm/node_modules/.bin", "npm/node_modules/@a/b"}) {
      fs::create_directories(top_ + "/" + folder);
    }
    for (const char* file : {"tools/bin/agent", "tools/script.py", "runner", "state/secret",
                             "npm/node_modules/@a/b/cli.js"}) {
      std::ofstream(top_ + "/" + file) << "x";
    }
    fs::create_symlink("../@a/b/cli.js", top_ + "/npm/node_modules/.bin/b");
    what_.program = top_ + "/tools/bin/agent";
    what_.cwd = top_ + "/state/worktrees/x/w1";
    needs_.bubblewrap = "/usr/bin/bwrap";
  }

  jobs::Result<SandboxPlan> plan() const {
    return plan_sandbox(what_, needs_, TurnPaths(top_ + "/state/turns/r1/1"), top_ + "/runner");
  }
  std::map<std::string, Access> own() const {
    const auto made = plan();
    EXPECT_TRUE(made) << made.error().text();
    return made ? made->own : std::map<std::string, Access>{};
  }

  const test_support::OwnFolder own_{"sandbox"};
  const std::string top_ = own_.path().string();
  Launch what_;
  SandboxNeeds needs_;
};

TEST_F(SandboxPlanned, ATurnSeesItsWorktreeItsFolderItsProgramAndTheRunner) {
  const std::map<std::string, Access> expected = {{top_ + "/state/worktrees/x/w1", Access::write},
                                                  {top_ + "/state/turns/r1/1/agent", Access::write},
                                                  {top_ + "/tools/bin", Access::read},
                                                  {top_ + "/runner", Access::read}};
  EXPECT_EQ(own(), expected);
}

TEST_F(SandboxPlanned, WhatIsDeclaredIsThereAsDeclared) {
  needs_.declared = {top_ + "/cache/", top_ + "/tools:ro", top_ + "/cache:ro"};
  const auto mounts = own();
  EXPECT_EQ(mounts.at(top_ + "/cache"), Access::write) << "writable wins";
  EXPECT_EQ(mounts.at(top_ + "/tools"), Access::read);
}

TEST_F(SandboxPlanned, OfGitIsSeenWhatTheWorktreesSay) {
  needs_.git = {.writable = {"/c/objects", "/c/worktrees/w1"},
                .readable = {"/c", "/c/objects/info"},
                .hidden = {"/c/worktrees"}};
  const auto mounts = own();
  EXPECT_EQ(mounts.at("/c"), Access::read);
  EXPECT_EQ(mounts.at("/c/objects"), Access::write);
  EXPECT_EQ(mounts.at("/c/objects/info"), Access::read);
  EXPECT_EQ(mounts.at("/c/worktrees"), Access::hide);
  EXPECT_EQ(mounts.at("/c/worktrees/w1"), Access::write);
}

TEST_F(SandboxPlanned, TheScriptBehindAnInterpreterIsShown) {
  const std::string script = top_ + "/tools/script.py";
  what_.argv = {"python3", "-u", script, top_ + "/state/secret"};
  EXPECT_EQ(own().at(script), Access::read);
  EXPECT_FALSE(own().contains(top_ + "/state/secret"));
  what_.argv = {"agent", "say", script};
  EXPECT_FALSE(own().contains(script)) << "behind other words may stand what an issue says";
  what_.argv = {"python3", top_ + "/npm"};
  EXPECT_FALSE(own().contains(top_ + "/npm")) << "no folder";
}

TEST_F(SandboxPlanned, ADeclaredPathThatIsNotThereStopsTheTurn) {
  needs_.declared = {top_ + "/no-cache"};
  const auto made = plan();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, jobs::ErrorKind::not_found);
  EXPECT_NE(made.error().message.find("/no-cache is not there"), std::string::npos);
}

TEST_F(SandboxPlanned, NothingThatHoldsTheStateIsShown) {
  for (const std::string& path : {top_, top_ + "/state", std::string("/")}) {
    needs_.declared = {path + ":ro"};
    const auto made = plan();
    ASSERT_FALSE(made) << path;
    EXPECT_EQ(made.error().kind, jobs::ErrorKind::usage);
  }
  fs::create_symlink(top_ + "/state", top_ + "/linked");
  needs_.declared = {top_ + "/linked"};
  EXPECT_FALSE(plan()) << "nor through a link";
}

TEST_F(SandboxPlanned, AProgramBesideTheStateIsShownAlone) {
  std::ofstream(top_ + "/agent") << "x";
  what_.program = top_ + "/agent";
  const auto mounts = own();
  EXPECT_EQ(mounts.at(top_ + "/agent"), Access::read);
  EXPECT_FALSE(mounts.contains(top_));
}

TEST_F(SandboxPlanned, APackageOfNpmIsShownWithWhatItNeeds) {
  what_.program = top_ + "/npm/node_modules/.bin/b";
  const auto mounts = own();
  EXPECT_EQ(mounts.at(top_ + "/npm/node_modules"), Access::read);
}

TEST_F(SandboxPlanned, ADeclaredPathIsSearchedInside) {
  what_.env["PATH"] = "/usr/bin:" + top_ + "/tools::relative:" + top_ + "/nowhere:/:" + top_;
  const auto mounts = own();
  EXPECT_EQ(mounts.at(top_ + "/tools"), Access::read);
  EXPECT_FALSE(mounts.contains("/"));
  EXPECT_FALSE(mounts.contains(top_)) << "the runner's own folder, with all that lies beside it";
}

TEST(BubblewrapArguments, ComeInTheOrderInWhichTheyHide) {
  SandboxPlan plan;
  plan.system = {"/usr", "/etc/hosts"};
  plan.links = {{"usr/bin", "/bin"}};
  plan.temporary = "/t/agent/tmp";
  plan.own = {{"/a/c", Access::read}, {"/a/c/w", Access::hide}, {"/a/c/w/1", Access::write}};
  const std::vector<std::string> words = bubblewrap_arguments(plan, jobs::Network::loopback);
  std::string line;
  for (std::size_t word = 0; word < words.size(); ++word) {
    // The kernel's switches are listed in one place only.
    if (words[word] == "--ro-bind-try" && words[word + 1].starts_with("/proc/")) {
      word += 2;
      continue;
    }
    line += words[word] + " ";
  }
  EXPECT_EQ(line,
            "bwrap --unshare-pid --unshare-ipc --unshare-uts --new-session --die-with-parent "
            "--as-pid-1 --cap-drop ALL --unshare-net --ro-bind-try /usr /usr --ro-bind-try "
            "/etc/hosts /etc/hosts --symlink usr/bin /bin --proc /proc --dev /dev "
            "--bind /t/agent/tmp /tmp --dir /var --symlink /tmp /var/tmp "
            "--ro-bind /a/c /a/c --tmpfs /a/c/w --bind /a/c/w/1 /a/c/w/1 "
            "--remount-ro /a/c/w --remount-ro / -- ");
  for (const auto network : {jobs::Network::all, jobs::Network::none}) {
    EXPECT_EQ(std::ranges::count(bubblewrap_arguments(plan, network), "--unshare-net"), 0);
  }
}

RC_GTEST_PROP(SandboxLaunch, ComesBackAsItWas, ()) {
  const auto word =
      rc::gen::container<std::string>(rc::gen::distinctFrom(rc::gen::arbitrary<char>(), '\0'));
  Launch what;
  what.program = *word;
  what.cwd = *word;
  what.marker = *word;
  what.memory_bytes = *rc::gen::nonNegative<std::int64_t>();
  what.processes = *rc::gen::nonNegative<std::int64_t>();
  what.file_bytes = *rc::gen::nonNegative<std::int64_t>();
  what.argv = *rc::gen::container<std::vector<std::string>>(word);
  what.env = *rc::gen::container<std::map<std::string, std::string>>(word, word);
  const Launch back = unpack(pack(what));
  RC_ASSERT(back.program == what.program);
  RC_ASSERT(back.cwd == what.cwd);
  RC_ASSERT(back.marker == what.marker);
  RC_ASSERT(back.memory_bytes == what.memory_bytes);
  RC_ASSERT(back.processes == what.processes);
  RC_ASSERT(back.file_bytes == what.file_bytes);
  RC_ASSERT(back.argv == what.argv);
  RC_ASSERT(back.env == what.env);
}

}  // namespace
}  // namespace runner::process

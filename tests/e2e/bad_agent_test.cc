// Every way in which an agent goes wrong, all at once in one fleet: each ends with a reason on its
// own run, nothing is lost, nothing stays behind, and the one good agent lands.
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* name;
  const char* outcome;
  const char* reason;  ///< a part of it
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"good", "landed", "landed"},
      {"missing", "needs-human", "no-such-program"},
      {"not-executable", "needs-human", "could not be started"},
      {"hang", "needs-human", "deadline"},
      {"nothing", "needs-human", "exited 0 without new commits"},
      {"talker", "landed", "landed"},
      {"binary", "landed", "landed"},
      {"signal", "needs-human", "signal 11"},
      {"daemon", "landed", "landed"},
      {"prose", "needs-human", "exited 0 without new commits"},
      {"failing", "needs-human", "exited 1; its commits are kept"},
      {"rewriter", "needs-human", "rewritten below its base"},
      {"switcher", "needs-human", "other"},
      {"deleter", "needs-human", "worktree"},
      {"junk", "needs-human", "exited 0 without new commits"},
      {"new-git", "needs-human", "worktree"},
      {"blocked", "needs-human", "blocked: no access to the plan"},
  };
  return all;
}

std::string repo_of(const std::string& name) {
  return "acme/" + name;
}

void declare_agents(SmallFleet& fleet) {
  fleet.scripted("good", {"commits", "1"});
  fleet.agent("missing", {"no-such-program"});
  write_file(fleet.folder() + "/plain.sh", "#!/bin/sh\nexit 0\n");
  fleet.agent("not-executable", {fleet.folder() + "/plain.sh"});
  fleet.scripted("hang", {"print", "working", "ignore-term", "hang"});
  fleet.agent("nothing", {"true"});
  // A whole gigabyte: what is beyond turn_output_bytes is counted and thrown away.
  fleet.scripted("talker", {"commits", "1", "flood", "1000000000"});
  fleet.shell("binary",
              "printf '\\033]0;title\\007\\033[31mred\\000\\377\\n'; head -c 5000 /dev/urandom; "
              "echo x > x && git add x && git commit -q -m x");
  fleet.scripted("signal", {"commits", "1", "signal", "11"});
  fleet.scripted("daemon", {"commits", "1", "daemon", "600000"});
  fleet.scripted("prose", {"print", "All done! Everything is committed and the tests pass."});
  fleet.scripted("failing", {"commits", "2", "exit", "1"});
  fleet.shell("rewriter", "echo x > x && git add x && git commit -q --amend -m rewritten");
  fleet.shell("switcher",
              "git checkout -q -b other && echo x > x && git add x && git commit -q -m x");
  fleet.shell("deleter", "rm -rf \"$PWD\"; exit 0");
  fleet.shell("junk",
              "mkfifo pipe; ln -s / root; ln -s loop loop; mkdir -p a/b/c d; chmod 0 d; "
              "i=0; while [ $i -lt 500 ]; do echo $i > a/b/c/$i; i=$((i+1)); done; "
              "printf x > \"$(printf 'new\\nline \\033[31m')\"; exit 0");
  fleet.shell("new-git",
              "rm -rf .git && git init -q -b main . && git add -A && git commit -q -m mine");
  fleet.scripted("blocked", {"blocked", "no access to the plan"});
}

std::map<std::string, RunSeen> runs_by_name(const SmallFleet& fleet) {
  std::map<std::string, RunSeen> out;
  for (const RunSeen& run : fleet.runs()) {
    out[run.repo.substr(std::string("acme/").size())] = run;
  }
  return out;
}

void check_outcomes(const SmallFleet& fleet, std::map<std::string, RunSeen>& runs) {
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    const RunSeen& run = runs[one.name];
    EXPECT_EQ(run.outcome, one.outcome);
    EXPECT_NE(run.reason.find(one.reason), std::string::npos) << run.reason;
    EXPECT_FALSE(run.reserved_left) << "what was reserved for its turns is still open";
    const bool landed = std::string(one.outcome) == "landed";
    EXPECT_EQ(fleet.commits_landed(repo_of(one.name)), landed ? 1 : 0);
    const std::string issue = fleet.issue_text(repo_of(one.name), 1);
    EXPECT_EQ(issue.find("agent-in-progress"), std::string::npos) << issue;
    EXPECT_EQ(issue.find("ready-for-agent"), std::string::npos) << issue;
    EXPECT_EQ(issue.find("ready-for-human") == std::string::npos, landed) << issue;
    EXPECT_EQ(issue.find("state = \"closed\"") != std::string::npos, landed) << issue;
  }
}

/// A person was called once for each run that needs one, and for no other.
void check_calls(const SmallFleet& fleet, const std::map<std::string, RunSeen>& runs) {
  std::multiset<std::string> called;
  for (const std::string& line : fleet.notifications()) {
    for (const auto& [name, run] : runs) {
      if (line.find("\"run\":\"" + run.id + "\"") != std::string::npos) {
        called.insert(name);
      }
    }
  }
  for (const Case& one : cases()) {
    const std::size_t expected = std::string(one.outcome) == "landed" ? 0 : 1;
    EXPECT_EQ(called.count(one.name), expected) << one.name;
  }
  EXPECT_EQ(fleet.notifications().size(), called.size());
}

void check_transcripts(const SmallFleet& fleet, std::map<std::string, RunSeen>& runs) {
  const std::string output = "/1/output.log";
  const std::string talked = fleet.folder() + "/state/turns/" + runs["talker"].id + output;
  std::error_code error;
  const auto kept = fs::file_size(talked, error);
  EXPECT_FALSE(error) << talked;
  EXPECT_LE(kept, 300U << 10);
  EXPECT_GE(kept, 200U << 10);
  const Answer shown = fleet.run({"logs", runs["binary"].id});
  EXPECT_NE(shown.out.find("red"), std::string::npos);
  EXPECT_EQ(shown.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(shown.out.find('\0'), std::string::npos);
}

TEST(BadAgents, Invariant6_EachEndsWithItsReasonAndLeavesNothingBehind) {
  SmallFleet fleet;
  // Long enough for the others on a busy machine; only one waits for it.
  fleet.limit_lines =
      "turn_deadline = \"10s\"\nturn_grace = \"1s\"\nturn_output_bytes = \"256KiB\"\n"
      "instance_retries = 1\n";
  declare_agents(fleet);
  for (const Case& one : cases()) {
    fleet.repo(repo_of(one.name), one.name);
    fleet.issue(repo_of(one.name), 1);
  }
  fleet.write();
  ASSERT_TRUE(fleet.tick_until_quiet(90)) << fleet.run({"runs"}).out;
  auto runs = runs_by_name(fleet);
  ASSERT_EQ(runs.size(), cases().size()) << fleet.tick().out;
  check_outcomes(fleet, runs);
  check_calls(fleet, runs);
  check_transcripts(fleet, runs);
  EXPECT_EQ(fleet.processes(), "") << "left behind by turns that have ended";
  // Invariant 14: what was not judged is still there for a person.
  EXPECT_EQ(fleet.git(runs["failing"].worktree, {"rev-list", "--count", "origin/main..HEAD"}), "2");
}

}  // namespace
}  // namespace test_support

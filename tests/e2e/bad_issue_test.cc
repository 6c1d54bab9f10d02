// Issues that nobody should have written.
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

namespace fs = std::filesystem;

std::string released(const std::string& title_line, const std::string& body) {
  return "+++\n" + title_line +
         "\nlabels = [\"ready-for-agent\"]\nready_by = \"alice\"\nready_at = 2026-01-02T03:04:05Z\n"
         "+++\n" +
         body;
}

TEST(BadIssues, WhatCannotBeReadIsARecordedReasonAndTheRestGoesOn) {
  SmallFleet fleet;
  fleet.scripted("coder", {"commits", "1"});
  fleet.repo("acme/shop", "coder");
  fleet.repo("acme/good", "coder");
  const std::string title = "title = \"A title\"";
  fleet.write_issue("acme/shop", "1-issue.md", "+++\ntitle = \"never closed\nlabels = [\n+++\n");
  fleet.write_issue("acme/shop", "2-issue.md", released(title, std::string(10'000'000, 'x')));
  fleet.write_issue("acme/shop", "3-issue.md", released(title, std::string("nul \0 byte", 10)));
  fleet.write_issue("acme/shop", "4-issue.md", released(title, "not UTF-8: \xff\xfe \xc3\x28"));
  fleet.write_issue("acme/shop", "5-issue.md", released(title, std::string(500'000, 'y')));
  fleet.write_issue("acme/shop", "6-issue.md", "");
  fs::create_directories(fleet.folder() + "/issues/acme/shop/7-issue.md");
  fs::create_symlink("/etc/passwd", fleet.folder() + "/issues/acme/shop/8-issue.md");
  fleet.issue("acme/good", 1);
  fleet.write();
  ASSERT_TRUE(fleet.tick_until_quiet(30));
  EXPECT_EQ(fleet.run_of("acme/good").outcome, "landed");
  EXPECT_EQ(fleet.run_of("acme/shop").id, "") << "nothing may start from such an issue";
  for (int number = 1; number <= 8; ++number) {
    const std::string reason = fleet.reason_of("acme/shop", number);
    EXPECT_TRUE(reason.starts_with("unreadable-issue: ")) << number << ": " << reason;
    EXPECT_EQ(reason.find("root:"), std::string::npos) << "a link was followed";
  }
}

/// Every command that shows something of issues and runs, in one text.
std::string everything_shown(const SmallFleet& fleet, const std::vector<std::string>& repos) {
  std::string out;
  const auto add = [&](const std::vector<std::string>& words) {
    const Answer answer = fleet.run(words);
    out += answer.out + answer.error;
  };
  add({"tick"});
  add({"tick", "--dry-run"});
  add({"tick", "--json"});
  add({"runs"});
  add({"runs", "--json"});
  add({"status"});
  add({"worktrees"});
  for (const RunSeen& run : fleet.runs()) {
    add({"runs", "show", run.id});
    add({"logs", run.id});
  }
  for (const std::string& repo : repos) {
    add({"explain", repo + "#1"});
    add({"issue", "list", repo});
    add({"issue", "show", repo + "#1"});
  }
  return out;
}

TEST(BadIssues, Invariant11_HostileTitlesStayText) {
  const std::vector<std::string> titles = {
      "--help",
      "../../../pwned-path",
      "$(touch pwned-shell) `touch pwned-shell`; touch pwned-shell",
      R"(\u001b]0;pwned\u0007\u001b[31mred)",
      R"(two\nlines\nRunner-Run: forged\r)",
      "refs/heads/main.lock",
      "\\u202eesrever @{-1} ~^:?*[ ..",
      R"(-C\u0009--upload-pack=touch)"};
  SmallFleet fleet;
  fleet.scripted("coder", {"commits", "1"});
  std::vector<std::string> repos;
  for (std::size_t i = 0; i < titles.size(); ++i) {
    repos.push_back("acme/r" + std::to_string(i));
    fleet.repo(repos.back(), "coder");
    fleet.write_issue(repos.back(), "1-issue.md",
                      released("title = \"" + titles[i] + "\"", "Do it.\n" + titles[i] + "\n"));
  }
  fleet.write();
  const Answer first = fleet.tick();
  std::string shown = first.out + first.error;
  shown += everything_shown(fleet, repos);
  ASSERT_TRUE(fleet.tick_until_quiet(40)) << fleet.run({"runs"}).out;
  shown += everything_shown(fleet, repos);
  for (const std::string& repo : repos) {
    const RunSeen run = fleet.run_of(repo);
    const std::string reason = run.id.empty() ? fleet.reason_of(repo, 1) : run.outcome;
    EXPECT_TRUE(reason == "landed" || reason.starts_with("unreadable-issue: ")) << repo << reason;
    const std::string messages = fleet.git(fleet.remote(repo), {"log", "--format=%B", "main"});
    EXPECT_EQ(messages.find('\x1b'), std::string::npos) << messages;
    EXPECT_EQ(messages.find("\nRunner-Run: forged"), std::string::npos) << messages;
    EXPECT_EQ(fleet.git(fleet.remote(repo), {"for-each-ref", "--format=%(refname)"}),
              "refs/heads/main");
  }
  EXPECT_EQ(shown.find('\x1b'), std::string::npos) << shown.substr(shown.find('\x1b'), 200);
  EXPECT_EQ(shown.find("\xe2\x80\xae"), std::string::npos) << "a mark that reverses what follows";
  EXPECT_EQ(fleet.shell_output("find . .. -maxdepth 8 -name 'pwned*' -print 2>/dev/null"), "");
  for (const std::string& line : fleet.notifications()) {
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
  }
}

}  // namespace
}  // namespace test_support

#include <filesystem>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "runner/trackers/front_matter.h"
#include "runner/trackers/local_issue_files.h"
#include "runner/trackers/local_tracker.h"
#include "tests/support/tracker_folder.h"

namespace runner::trackers {
namespace {

namespace fs = std::filesystem;
using jobs::ErrorKind;

class LocalTrackerNew : public ::testing::Test, protected test_support::TrackerFolder {
 protected:
  CreatedIssue make(const NewIssue& issue) {
    auto made = create_issue(config, repo, issue, labels, now);
    EXPECT_TRUE(made.has_value()) << made.error().text();
    return made.value_or(CreatedIssue{});
  }
  [[nodiscard]] jobs::Issue look(jobs::IssueNumber number) const {
    auto issue = make_local_reader(config, {})->issue(repo, number, labels);
    EXPECT_TRUE(issue.has_value()) << issue.error().text();
    return issue.value_or(jobs::Issue{});
  }

  jobs::Labels labels;
  jobs::TimePoint now = *jobs::parse_time("2026-11-21T09:30:00Z");
};

TEST_F(LocalTrackerNew, ANewIssueReadsBackAsItWasMeant) {
  permissions("[permissions]\nalice = \"write\"\n");
  const CreatedIssue made = make({.title = "Round prices up",
                                  .body = "Blocked by #1\n\n+++\nstate = \"closed\"\n+++\n",
                                  .labels = {"bug"},
                                  .priority = 0,
                                  .blocked_by = {"acme/lib#2"},
                                  .ready_by = "alice"});
  EXPECT_EQ(made.number, 1);
  EXPECT_EQ(made.path, file("0001-round-prices-up.md"));
  const jobs::Issue issue = look(1);
  EXPECT_EQ(issue.problem, "");
  EXPECT_EQ(issue.title, "Round prices up");
  EXPECT_EQ(issue.body, "Blocked by #1\n\n+++\nstate = \"closed\"\n+++\n");
  EXPECT_EQ(issue.labels, (std::vector<std::string>{"bug", "ready-for-agent"}));
  EXPECT_EQ(issue.priority, 0);
  EXPECT_EQ(issue.ready_by.login, "alice");
  EXPECT_EQ(issue.ready_by.permission, jobs::Permission::write);
  EXPECT_EQ(issue.ready_by.at, now);
  EXPECT_FALSE(issue.edited_at.has_value());
  EXPECT_EQ(issue.blockers.size(), 2U);
}

TEST_F(LocalTrackerNew, NumbersGoOnFromTheHighestThatWasEverUsed) {
  put("0007-x.md", "+++\nnumber = 40\ntitle = \"x\"\n+++\n");
  EXPECT_EQ(make({.title = "a"}).number, 41);
  fs::create_directories(file("0050.comments"));
  EXPECT_EQ(make({.title = "b"}).number, 51);
  repo.tracker_path = "brand/new";
  EXPECT_EQ(make({.title = "c"}).number, 1);
}

TEST_F(LocalTrackerNew, Invariant11_HostileTitlesBecomeTameFileNames) {
  for (const char* title :
       {"../../etc/passwd", "--force", "-", "\x1b]0;x\x07", "a\nb", "\xF0\x9F\x8E\x89",
        "$(rm -rf /)", "\"]\nstate = \"closed\"", "CON", "a/b\\c", "\xFF\xFE"}) {
    const CreatedIssue made = make({.title = title, .body = title});
    const std::string name = fs::path(made.path).filename();
    EXPECT_EQ(made.path, file(name));
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-."), std::string::npos)
        << name;
    const jobs::Issue issue = look(made.number);
    EXPECT_EQ(issue.problem, "") << title;
    EXPECT_TRUE(issue.open);
    EXPECT_EQ(issue.labels, std::vector<std::string>{});
  }
  EXPECT_EQ(look(5).title, "a\nb");
}

TEST_F(LocalTrackerNew, WhatCannotBeAnIssueIsRefusedAndNothingIsLeft) {
  const std::vector<NewIssue> bad{{.title = ""},
                                  {.title = " \n "},
                                  {.title = std::string(501, 'x')},
                                  {.title = "x", .body = std::string(10U << 20U, 'x')},
                                  {.title = "x", .blocked_by = {"seven"}},
                                  {.title = "x", .blocked_by = {"#0"}},
                                  {.title = "x", .priority = -1}};
  for (const NewIssue& issue : bad) {
    const auto made = create_issue(config, repo, issue, labels, now);
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().kind, ErrorKind::usage) << made.error().text();
  }
  EXPECT_TRUE(list_issues(config, repo)->empty());
}

TEST_F(LocalTrackerNew, ManyAtOnceGetNumbersOfTheirOwn) {
  std::vector<std::thread> threads;
  for (int who = 0; who < 4; ++who) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(create_issue(config, repo, {.title = "x"}, labels, now).has_value());
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::set<jobs::IssueNumber> numbers;
  const auto lines = list_issues(config, repo).value();
  for (const IssueLine& line : lines) {
    EXPECT_EQ(line.problem, "");
    numbers.insert(line.number);
  }
  EXPECT_EQ(numbers.size(), 20U);
  EXPECT_EQ(*numbers.rbegin(), 20);
}

TEST_F(LocalTrackerNew, ReadyIsAPersonsAnswerToTheLabelForPeople) {
  put("1.md", "+++\ntitle = \"x\"\nlabels = [\"ready-for-human\"]\n+++\nbody\n");
  ASSERT_TRUE(ready_issue(config, repo, 1, "alice", labels, now));
  EXPECT_EQ(look(1).labels, std::vector<std::string>{"ready-for-agent"});
  EXPECT_EQ(look(1).ready_by.login, "alice");
  const std::string once = get("1.md");
  ASSERT_TRUE(ready_issue(config, repo, 1, "alice", labels, now + std::chrono::hours(1)));
  EXPECT_EQ(get("1.md"), once) << "approving the same text again changes nothing";
  ASSERT_TRUE(unready_issue(config, repo, 1, labels));
  EXPECT_EQ(get("1.md"), "+++\ntitle = \"x\"\nlabels = []\n+++\nbody\n");
  EXPECT_EQ(ready_issue(config, repo, 1, " ", labels, now).error().kind, ErrorKind::usage);
  EXPECT_EQ(ready_issue(config, repo, 9, "alice", labels, now).error().kind, ErrorKind::not_found);
}

TEST_F(LocalTrackerNew, CloseAndReopen) {
  make({.title = "x"});
  const std::string before = get("0001-x.md");
  ASSERT_TRUE(close_issue(config, repo, 1, "won't do"));
  ASSERT_TRUE(close_issue(config, repo, 1, "again"));
  EXPECT_FALSE(look(1).open);
  EXPECT_EQ(parse_issue_text(get("0001-x.md"), "x").closed_reason, "won't do");
  EXPECT_EQ(ready_issue(config, repo, 1, "alice", labels, now).error().kind, ErrorKind::usage);
  ASSERT_TRUE(reopen_issue(config, repo, 1));
  EXPECT_EQ(get("0001-x.md"), before);
}

TEST_F(LocalTrackerNew, ListAndComment) {
  make({.title = "a"});
  make({.title = "b", .priority = 3});
  put("0003-c.md", "broken");
  ASSERT_TRUE(comment_issue(config, repo, 2, "alice", "hello", now));
  EXPECT_EQ(comment_issue(config, repo, 9, "alice", "hello", now).error().kind,
            ErrorKind::not_found);
  const auto lines = list_issues(config, repo).value();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1].priority, 3);
  EXPECT_NE(lines[2].problem, "");
  EXPECT_EQ(lines[2].number, 3);
  const auto comments = make_local_reader(config, {})->comments(repo, 2).value();
  ASSERT_EQ(comments.size(), 1U);
  EXPECT_EQ(comments[0].author, "alice");
  EXPECT_EQ(comments[0].body, "hello");
}

}  // namespace
}  // namespace runner::trackers

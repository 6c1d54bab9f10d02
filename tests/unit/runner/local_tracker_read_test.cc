#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <gtest/gtest.h>

#include "runner/trackers/local_issue_files.h"
#include "runner/trackers/local_tracker.h"
#include "tests/support/tracker_folder.h"

namespace runner::trackers {
namespace {

namespace fs = std::filesystem;
using jobs::Blocker;
using jobs::Issue;
using jobs::Permission;
using std::string_literals::operator""s;

constexpr const char* kIssue = R"(+++
number = 12
title = "Prices are rounded down"
state = "open"
labels = ["bug", "ready-for-agent"]
ready_by = "alice"
ready_at = 2026-11-20T08:00:00Z
priority = 2
blocked_by = ["#3", "acme/lib#4"]
+++

The cart shows 9.99 for 9.999.

Blocked by #5
)";

class LocalTrackerRead : public ::testing::Test, protected test_support::TrackerFolder {
 protected:
  std::vector<Issue> ready() {
    auto issues = reader->ready_issues(repo, labels);
    EXPECT_TRUE(issues.has_value()) << issues.error().text();
    return issues.value_or(std::vector<Issue>{});
  }
  Issue only() {
    const std::vector<Issue> issues = ready();
    EXPECT_EQ(issues.size(), 1U);
    return issues.empty() ? Issue{} : issues.front();
  }
  static std::string simple(const std::string& lines, const std::string& body = "body\n") {
    return "+++\nlabels = [\"ready-for-agent\"]\n" + lines + "+++\n" + body;
  }

  LocalTrackerOptions options;
  jobs::Labels labels;
  std::unique_ptr<jobs::TrackerReader> reader = make_local_reader(config, options);
};

TEST_F(LocalTrackerRead, OldCommentsOfALongTalkAreLeftOut) {
  write(file("0012.md"), kIssue);
  for (int comment = 1; comment <= 12; ++comment) {
    write(file("0012.comments/" + std::to_string(comment) + "-bob.md"),
          "+++\nauthor = \"bob\"\n+++\n\n" + std::string(900'000, 'c') + "\n");
  }
  const auto comments = reader->comments(repo, 12);
  ASSERT_TRUE(comments);
  ASSERT_EQ(comments->size(), 12U);
  EXPECT_EQ(comments->front().id, "1-bob.md");
  EXPECT_EQ(comments->front().body, "(900000 bytes left out; they stand in the file 1-bob.md)");
  EXPECT_EQ(comments->back().body.size(), 900'000U);
}

TEST_F(LocalTrackerRead, ReadsWhatAPersonWrote) {
  permissions("[permissions]\nalice = \"write\"\n");
  put("0012-prices.md", kIssue);
  put("0003-x.md", "+++\nnumber = 3\ntitle = \"three\"\nstate = \"closed\"\n+++\n");
  put("0005-x.md", "+++\nnumber = 5\ntitle = \"five\"\n+++\n");
  write(folder("acme/lib") + "/4.md", "+++\ntitle = \"four\"\n+++\n");
  const Issue issue = only();
  EXPECT_EQ(issue.key.str(), "acme/shop#12");
  EXPECT_EQ(issue.title, "Prices are rounded down");
  EXPECT_EQ(issue.body, "The cart shows 9.99 for 9.999.\n\nBlocked by #5\n");
  EXPECT_EQ(issue.problem, "");
  EXPECT_TRUE(issue.open);
  EXPECT_EQ(issue.labels, (std::vector<std::string>{"bug", "ready-for-agent"}));
  EXPECT_EQ(issue.priority, 2);
  EXPECT_EQ(issue.ready_by.login, "alice");
  EXPECT_EQ(issue.ready_by.permission, Permission::write);
  EXPECT_FALSE(issue.ready_by.is_bot);
  EXPECT_EQ(issue.ready_by.at, jobs::parse_time("2026-11-20T08:00:00Z"));
  EXPECT_EQ(issue.url, file("0012-prices.md"));
  ASSERT_EQ(issue.blockers.size(), 3U);
  EXPECT_EQ(issue.blockers[0].reference, "#3");
  EXPECT_EQ(issue.blockers[0].state, Blocker::State::closed);
  EXPECT_EQ(issue.blockers[1].reference, "acme/lib#4");
  EXPECT_EQ(issue.blockers[1].state, Blocker::State::open);
  EXPECT_EQ(issue.blockers[2].reference, "#5");
  EXPECT_EQ(issue.blockers[2].state, Blocker::State::open);
}

TEST_F(LocalTrackerRead, OnlyOpenIssuesWithTheLabel) {
  put("1.md", "+++\ntitle = \"a\"\nlabels = [\"ready-for-agent\"]\nstate = \"closed\"\n+++\n");
  put("2.md", "+++\ntitle = \"b\"\nlabels = [\"agent-in-progress\"]\n+++\n");
  put("3.md", "+++\ntitle = \"c\"\nlabels = [\"ready-for-agent-later\"]\n+++\n");
  EXPECT_TRUE(ready().empty());
  const auto busy = reader->in_progress_issues(repo, labels);
  ASSERT_TRUE(busy && busy->size() == 1);
  EXPECT_EQ(busy->front().key.number, 2);
}

TEST_F(LocalTrackerRead, WindowsLineEndsAndByteOrderMark) {
  put("7.md",
      "\xEF\xBB\xBF+++\r\ntitle = \"crlf\"\r\nlabels = "
      "[\"ready-for-agent\"]\r\n+++\r\n\r\nline\r\n");
  EXPECT_EQ(only().title, "crlf");
  EXPECT_EQ(only().problem, "");
  EXPECT_EQ(only().body, "line\r\n");
}

TEST_F(LocalTrackerRead, UnlistedLoginIsUnknownAndMissingActorIsUnattributable) {
  permissions("bots = [\"dependabot\"]\n[permissions]\nalice = \"write\"\nbob = \"read\"\n");
  put("1.md", simple("title = \"nobody\"\n"));
  EXPECT_EQ(only().ready_by.login, "");
  EXPECT_EQ(only().ready_by.permission, Permission::unknown);
  put("1.md", simple("title = \"mallory\"\nready_by = \"mallory\"\n"));
  EXPECT_EQ(only().ready_by.permission, Permission::unknown);
  put("1.md", simple("title = \"bob\"\nready_by = \"bob\"\n"));
  EXPECT_EQ(only().ready_by.permission, Permission::read);
  put("1.md", simple("title = \"bot\"\nready_by = \"dependabot\"\n"));
  EXPECT_TRUE(only().ready_by.is_bot);
  put("1.md", simple("title = \"ourselves\"\nready_by = \"runner\"\n"));
  EXPECT_TRUE(only().ready_by.is_bot);
}

TEST_F(LocalTrackerRead, TheRepositoryHasTheLastWordOnPermissions) {
  permissions("[permissions]\nalice = \"write\"\ncarol = \"admin\"\n");
  put("permissions.toml", "[permissions]\nalice = \"read\"\nbots = [\"x\"]\n");
  put("1.md", simple("title = \"a\"\nready_by = \"alice\"\n"));
  EXPECT_EQ(only().ready_by.permission, Permission::read);
  put("1.md", simple("title = \"a\"\nready_by = \"carol\"\n"));
  EXPECT_EQ(only().ready_by.permission, Permission::admin);
}

TEST_F(LocalTrackerRead, BrokenPermissionsAreAnErrorNeverAGuess) {
  put("1.md", simple("title = \"a\"\nready_by = \"alice\"\n"));
  for (const char* toml : {"[permissions]\nalice = \"writer\"\n", "[permissions]\nalice = 7\n",
                           "[permission]\nalice = \"write\"\n", "alice"}) {
    permissions(toml);
    const auto issues = reader->ready_issues(repo, labels);
    ASSERT_FALSE(issues.has_value()) << toml;
    EXPECT_EQ(issues.error().kind, jobs::ErrorKind::invalid_manifest);
    EXPECT_NE(issues.error().message.find("permissions.toml:"), std::string::npos)
        << issues.error().text();
  }
}

TEST_F(LocalTrackerRead, BrokenIssuesAreListedWithWhereAndWhy) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"no front matter at all\n", "1.md:1:1: has no front matter"},
      {"+++\ntitle = \"x\"\n", "1.md:1:1: the front matter does not end"},
      {"+++\ntitle = \"x\nlabels = []\n+++\n", "1.md:2:"},
      {"+++\ntitle = \"x\"\nlabels = \"ready-for-agent\"\n+++\n",
       "1.md:3:10: `labels` is a string"},
      {"+++\ntitle = \"x\"\nlables = [\"ready-for-agent\"]\n+++\n", "did you mean `labels`"},
      {"+++\ntitle = \"x\"\nstate = \"done\"\n+++\n", "1.md:3:9: `state` is neither"},
      {"+++\ntitle = \"x\"\npriority = \"high\"\n+++\n", "`priority` is a string"},
      {"+++\ntitle = \"x\"\npriority = -1\n+++\n", "`priority` is -1"},
      {"+++\ntitle = \"x\"\nready_at = \"yesterday\"\n+++\n", "`ready_at` is no time"},
      {"+++\nlabels = []\n+++\n", "has no title"},
      {"+++\ntitle = \"x\"\n+++\nbody with \0 in it\n"s, "1.md:4:11: holds a NUL byte"},
      {"+++\ntitle = \"x\"\n+++\nbody with \xFF in it\n",
       "1.md:4:11: holds bytes that are not UTF-8"},
      {"+++\ntitle = \"\\u0000\"\n+++\n", "1.md:2"},
      {"+++\ntitle = \"\xFF\"\n+++\n", "1.md:2:10: holds bytes that are not UTF-8"},
      {"+++\nnumber = 0\ntitle = \"x\"\n+++\n", "`number` is 0"},
  };
  for (const auto& [bytes, problem] : cases) {
    put("1.md", bytes);
    const Issue issue = only();
    EXPECT_EQ(issue.key.number, 1) << bytes;
    EXPECT_NE(issue.problem.find(problem), std::string::npos) << bytes << "\n -> " << issue.problem;
    EXPECT_FALSE(issue.title.empty());
  }
}

TEST_F(LocalTrackerRead, KeysOfOnesOwnAreWelcome) {
  put("1.md",
      simple("title = \"x\"\nestimate = 3\nassignee = \"alice\"\n[notes]\nlabel = \"x\"\n"));
  EXPECT_EQ(only().problem, "");
}

TEST_F(LocalTrackerRead, NumbersClaimedTwiceAreBothUnusable) {
  put("0001-a.md", simple("number = 1\ntitle = \"a\"\n"));
  put("0002-b.md", simple("number = 1\ntitle = \"b\"\n"));
  const auto issues = ready();
  ASSERT_EQ(issues.size(), 2U);
  for (const Issue& issue : issues) {
    EXPECT_NE(issue.problem.find("0001-a.md, 0002-b.md"), std::string::npos) << issue.problem;
  }
}

TEST_F(LocalTrackerRead, NotesBesideTheIssuesAreLeftAlone) {
  put("README.md", "# Our issues\n");
  put(".1.md.swp", "x");
  put("1.md~", "x");
  put("notes.txt", "x");
  fs::create_directories(file("0001.comments"));
  EXPECT_TRUE(ready().empty());
}

TEST_F(LocalTrackerRead, Invariant11_NothingBesideAPlainFileIsReadOrWaitedFor) {
  write(root() + "/secret.md", simple("title = \"outside\"\n"));
  fs::create_symlink(root() + "/secret.md", file("1.md"));
  fs::create_directories(file("2.md"));
  ASSERT_EQ(::mkfifo(file("3.md").c_str(), 0600), 0);
  const auto issues = ready();
  ASSERT_EQ(issues.size(), 3U);
  EXPECT_NE(issues[0].problem.find("symbolic link"), std::string::npos) << issues[0].problem;
  EXPECT_NE(issues[1].problem.find("a directory"), std::string::npos) << issues[1].problem;
  EXPECT_NE(issues[2].problem.find("a FIFO"), std::string::npos) << issues[2].problem;
  EXPECT_EQ(issues[0].title.find("outside"), std::string::npos);
}

TEST_F(LocalTrackerRead, Invariant11_NoFolderOutsideTheTracker) {
  write(root() + "/other/1.md", simple("title = \"outside\"\n"));
  for (const char* path : {"../other", "acme/../../other", "/etc", "-x", "acme//shop"}) {
    repo.tracker_path = path;
    EXPECT_FALSE(reader->ready_issues(repo, labels).has_value()) << path;
  }
  fs::create_directory_symlink(root() + "/other", config.path + "/linked");
  repo.tracker_path = "linked";
  EXPECT_FALSE(reader->ready_issues(repo, labels).has_value());
  repo.tracker_path.clear();
  put("1.md", simple("title = \"x\"\n", "Blocked by linked#1, ../other#1, #99\n"));
  const Issue issue = only();
  ASSERT_EQ(issue.blockers.size(), 3U);
  for (const Blocker& blocker : issue.blockers) {
    EXPECT_EQ(blocker.state, Blocker::State::unreadable) << blocker.reference;
    EXPECT_FALSE(blocker.detail.empty());
  }
}

TEST_F(LocalTrackerRead, UnreadableFileIsAProblemOfThatIssue) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may read everything";
  }
  put("1.md", simple("title = \"x\"\n"));
  fs::permissions(file("1.md"), fs::perms::none);
  EXPECT_NE(only().problem.find("Permission denied"), std::string::npos);
}

TEST_F(LocalTrackerRead, HugeIssuesAreRefusedUnread) {
  put("1.md", simple("title = \"x\"\n", std::string(10U << 20U, 'x')));
  EXPECT_NE(only().problem.find("more than"), std::string::npos) << only().problem;
  EXPECT_LT(only().body.size(), 1000U);
  put("1.md", simple("title = \"x\"\n", std::string(300U << 10U, 'x')));
  EXPECT_NE(only().problem.find("title and body have"), std::string::npos) << only().problem;
}

TEST_F(LocalTrackerRead, UnknownRepositoryIsNotFound) {
  repo.name = jobs::RepoName("acme/none");
  const auto issues = reader->ready_issues(repo, labels);
  ASSERT_FALSE(issues.has_value());
  EXPECT_EQ(issues.error().kind, jobs::ErrorKind::not_found);
  EXPECT_NE(issues.error().hint, "");
}

TEST_F(LocalTrackerRead, BlockersWithAProblemAndSelfReferencesBlock) {
  put("1.md", simple("title = \"x\"\nblocked_by = [2, \"#1\", \"rubbish\"]\n"));
  put("2.md", "broken");
  std::vector<Issue> issues = ready();
  ASSERT_EQ(issues.size(), 2U);
  const auto& blockers = issues.front().blockers;
  ASSERT_EQ(blockers.size(), 3U);
  EXPECT_EQ(blockers[0].state, Blocker::State::unreadable);
  EXPECT_EQ(blockers[1].state, Blocker::State::open);
  EXPECT_EQ(blockers[2].state, Blocker::State::unreadable);
}

TEST_F(LocalTrackerRead, TrackerPathOfAnotherRepositoryIsHonoured) {
  options.folders["acme/lib"] = "libraries/lib";
  reader = make_local_reader(config, options);
  write(folder("libraries/lib") + "/4.md", "+++\ntitle = \"four\"\nstate = \"closed\"\n+++\n");
  put("1.md", simple("title = \"x\"\nblocked_by = [\"acme/lib#4\"]\n"));
  EXPECT_EQ(only().blockers.at(0).state, Blocker::State::closed);
}

TEST_F(LocalTrackerRead, ATextEditedAfterItsApprovalIsSeen) {
  const auto now = *jobs::parse_time("2026-11-21T09:30:00Z");
  const auto made =
      create_issue(config, repo, {.title = "x", .body = "good", .ready_by = "alice"}, labels, now);
  ASSERT_TRUE(made.has_value()) << made.error().text();
  EXPECT_FALSE(only().edited_at.has_value());
  std::string text = read(made->path);
  text.replace(text.find("good"), 4, "evil");
  write(made->path, text);
  const Issue issue = only();
  ASSERT_TRUE(issue.edited_at.has_value());
  EXPECT_GT(*issue.edited_at, now);
  EXPECT_EQ(issue.edited_by, "");
  EXPECT_EQ(issue.editor_permission, Permission::unknown);
  // Approving the new text settles it.
  ASSERT_TRUE(
      ready_issue(config, repo, made->number, "alice", labels, now + std::chrono::hours(1)));
  EXPECT_FALSE(only().edited_at.has_value());
}

TEST_F(LocalTrackerRead, AChangedFileIsNeverServedFromMemory) {
  put("1.md", simple("title = \"one\"\n"));
  for (int i = 0; i < 200; ++i) {
    const std::string title = i % 2 == 0 ? "aaa" : "bbb";
    put("1.md", simple("title = \"" + title + "\"\n"));
    ASSERT_EQ(only().title, title);
  }
}

TEST_F(LocalTrackerRead, TenThousandIssues) {
  for (int i = 1; i <= 10'000; ++i) {
    put(std::to_string(i) + ".md", i % 1000 == 0 ? simple("title = \"x\"\nblocked_by = [1, 2, 3]\n")
                                                 : "+++\ntitle = \"x\"\n+++\n");
  }
  EXPECT_EQ(ready().size(), 10U);
}

TEST_F(LocalTrackerRead, ReadingWritesNothing) {
  put("0012-prices.md", kIssue);
  const auto before = fs::last_write_time(folder());
  static_cast<void>(ready());
  static_cast<void>(reader->issue(repo, 12, labels));
  static_cast<void>(reader->issue(repo, 13, labels));
  static_cast<void>(reader->comments(repo, 12));
  EXPECT_EQ(fs::last_write_time(folder()), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder()), {}), 1);
}

}  // namespace
}  // namespace runner::trackers

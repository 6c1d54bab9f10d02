#include <algorithm>
#include <functional>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "manifests/toml_value.h"
#include "runner/trackers/local_tracker.h"
#include "tests/fakes/fake_tracker.h"
#include "tests/support/tracker_folder.h"

/// What jobs/ports/tracker.h promises, asked of the fake and of every real tracker.
namespace {

using jobs::Blocker;
using jobs::ErrorKind;
using jobs::Permission;
using Written = fakes::FakeTracker::Written;

/// A tracker and the people who use it.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual void put(const jobs::IssueKey& key, const Written& written) = 0;
  virtual void permit(const std::string& login, const std::string& permission) = 0;
  virtual void comment(const jobs::IssueKey& key, const std::string& author,
                       const std::string& body) = 0;
  virtual jobs::TrackerReader& reader() = 0;
  virtual jobs::TrackerWriter& writer() = 0;
};

class Fake final : public Subject {
 public:
  void put(const jobs::IssueKey& key, const Written& written) override {
    tracker_.put(key, written);
  }
  void permit(const std::string& login, const std::string& permission) override {
    for (const Permission one : {Permission::none, Permission::read, Permission::triage,
                                 Permission::write, Permission::admin}) {
      if (to_string(one) == permission) {
        tracker_.set_permission(login, one);
      }
    }
    if (permission == "bot") {
      tracker_.add_bot(login);
    }
  }
  void comment(const jobs::IssueKey& key, const std::string& author,
               const std::string& body) override {
    tracker_.comment(key, author, body);
  }
  jobs::TrackerReader& reader() override { return tracker_; }
  jobs::TrackerWriter& writer() override { return tracker_; }

 private:
  fakes::FakeTracker tracker_;
};

class Local final : public Subject {
 public:
  void put(const jobs::IssueKey& key, const Written& written) override {
    std::string text =
        fmt::format("+++\nnumber = {}\ntitle = {}\nstate = \"{}\"\nlabels = [", key.number,
                    manifests::toml_quote(written.title), written.open ? "open" : "closed");
    for (const std::string& label : written.labels) {
      text += manifests::toml_quote(label) + ", ";
    }
    text += "]\n";
    if (!written.ready_by.empty()) {
      text += "ready_by = " + manifests::toml_quote(written.ready_by) + "\n";
    }
    if (written.ready_at) {
      text += "ready_at = " + jobs::format_time(*written.ready_at) + "\n";
    }
    if (written.priority) {
      text += fmt::format("priority = {}\n", *written.priority);
    }
    if (!written.problem.empty()) {
      text += "priority = \"" + written.problem + "\"\n";
    }
    for (std::string list; const std::string& reference : written.blocked_by) {
      list += manifests::toml_quote(reference) + ", ";
      if (&reference == &written.blocked_by.back()) {
        text += "blocked_by = [" + list + "]\n";
      }
    }
    test_support::TrackerFolder::write(
        folder_.folder(key.repo.str()) + fmt::format("/{:04}-x.md", key.number),
        text + "+++\n\n" + written.body);
  }
  void permit(const std::string& login, const std::string& permission) override {
    (permission == "bot" ? bots_ : permissions_) +=
        permission == "bot" ? "\"" + login + "\", " : login + " = \"" + permission + "\"\n";
    folder_.permissions("bots = [" + bots_ + "]\n[permissions]\n" + permissions_);
  }
  void comment(const jobs::IssueKey& key, const std::string& author,
               const std::string& body) override {
    test_support::TrackerFolder::write(
        folder_.folder(key.repo.str()) +
            fmt::format("/{:04}.comments/{:04}-x.md", key.number, ++comments_),
        "+++\nauthor = \"" + author + "\"\n+++\n\n" + body + "\n");
  }
  jobs::TrackerReader& reader() override { return *reader_; }
  jobs::TrackerWriter& writer() override { return *writer_; }

 private:
  test_support::TrackerFolder folder_;
  test_support::StillClock clock_;
  std::string permissions_;
  std::string bots_;
  int comments_ = 0;
  std::unique_ptr<jobs::TrackerReader> reader_ =
      runner::trackers::make_local_reader(folder_.config, {});
  std::unique_ptr<jobs::TrackerWriter> writer_ =
      runner::trackers::make_local_writer(folder_.config, {}, clock_);
};

struct Kind {
  const char* name;
  std::function<std::unique_ptr<Subject>()> make;
};

class Tracker : public ::testing::TestWithParam<Kind> {
 protected:
  [[nodiscard]] jobs::IssueKey key(jobs::IssueNumber number) const { return {repo.name, number}; }
  std::vector<jobs::IssueNumber> ready_numbers() {
    std::vector<jobs::IssueNumber> numbers;
    const auto issues = subject->reader().ready_issues(repo, labels).value();
    for (const jobs::Issue& issue : issues) {
      numbers.push_back(issue.key.number);
    }
    std::ranges::sort(numbers);
    return numbers;
  }
  jobs::Issue look(jobs::IssueNumber number) {
    return subject->reader().issue(repo, number, labels).value();
  }

  std::unique_ptr<Subject> subject = GetParam().make();
  jobs::Labels labels;
  jobs::Repo repo{.name = jobs::RepoName("acme/shop")};
  jobs::TimePoint time = *jobs::parse_time("2026-11-20T08:00:00Z");
};

TEST_P(Tracker, ListsReadyIssuesCompletely) {
  for (int i = 1; i <= 250; ++i) {
    subject->put(key(i), {.labels = i % 2 == 0 ? std::vector<std::string>{"x", "ready-for-agent"}
                                               : std::vector<std::string>{"x"}});
  }
  EXPECT_EQ(ready_numbers().size(), 125U);
}

TEST_P(Tracker, ClosedAndUnlabelledIssuesAreNotListed) {
  subject->put(key(1), {.labels = {"ready-for-agent"}, .open = false});
  subject->put(key(2), {.labels = {"agent-in-progress"}});
  subject->put(key(3), {.labels = {"ready-for-agent", "agent-in-progress"}});
  EXPECT_EQ(ready_numbers(), std::vector<jobs::IssueNumber>{3});
  EXPECT_EQ(subject->reader().in_progress_issues(repo, labels).value().size(), 2U);
}

TEST_P(Tracker, AnIssueThatCannotBeReadIsListedWithItsProblem) {
  subject->put(key(1), {.labels = {"ready-for-agent"}, .problem = "broken"});
  const auto issues = subject->reader().ready_issues(repo, labels).value();
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_NE(issues[0].problem, "");
  EXPECT_EQ(subject->writer().set_labels(repo, 1, {"a"}, {}).error().kind, ErrorKind::conflict);
}

TEST_P(Tracker, TrustIsAskedNowAndUnknownIsUnknown) {
  subject->put(key(1), {.labels = {"ready-for-agent"}, .ready_by = "alice", .ready_at = time});
  EXPECT_EQ(look(1).ready_by.permission, Permission::unknown);
  subject->permit("alice", "write");
  EXPECT_EQ(look(1).ready_by.login, "alice");
  EXPECT_EQ(look(1).ready_by.permission, Permission::write);
  EXPECT_EQ(look(1).ready_by.at, time);
  EXPECT_FALSE(look(1).ready_by.is_bot);
  subject->permit("helper", "bot");
  subject->put(key(2), {.labels = {"ready-for-agent"}, .ready_by = "helper"});
  EXPECT_TRUE(look(2).ready_by.is_bot);
  subject->put(key(3), {.labels = {"ready-for-agent"}, .ready_by = "runner"});
  EXPECT_TRUE(look(3).ready_by.is_bot);
  subject->put(key(4), {.labels = {"ready-for-agent"}});
  EXPECT_EQ(look(4).ready_by.login, "");
}

TEST_P(Tracker, OnlyOpenBlockersAreOpenAndTheUnknownIsUnreadable) {
  subject->put(key(1), {.body = "Blocked by #2, acme/lib#3 and #9\n",
                        .labels = {"ready-for-agent"},
                        .blocked_by = {"#4", "#2"}});
  subject->put(key(2), {});
  subject->put({jobs::RepoName("acme/lib"), 3}, {.open = false});
  subject->put(key(4), {.problem = "broken"});
  const auto blockers = look(1).blockers;
  ASSERT_EQ(blockers.size(), 4U);
  std::map<std::string, Blocker::State> states;
  for (const Blocker& blocker : blockers) {
    states[blocker.reference] = blocker.state;
  }
  EXPECT_EQ(states["#2"], Blocker::State::open);
  EXPECT_EQ(states["acme/lib#3"], Blocker::State::closed);
  EXPECT_EQ(states["#4"], Blocker::State::unreadable);
  EXPECT_EQ(states["#9"], Blocker::State::unreadable);
}

TEST_P(Tracker, MissingPriorityIsNone) {
  subject->put(key(1), {.priority = 0});
  subject->put(key(2), {});
  EXPECT_EQ(look(1).priority, 0);
  EXPECT_FALSE(look(2).priority.has_value());
}

TEST_P(Tracker, LabelsAreSetAndTakenOffAndTwiceIsOnce) {
  subject->put(key(1), {.labels = {"bug", "ready-for-agent"}});
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(subject->writer().set_labels(repo, 1, {"agent-in-progress"}, {"bug", "not-there"}));
    EXPECT_EQ(look(1).labels, (std::vector<std::string>{"ready-for-agent", "agent-in-progress"}));
  }
}

TEST_P(Tracker, Invariant9_TakingTheReadyLabelOffForgetsWhoSetIt) {
  subject->permit("alice", "write");
  subject->put(key(1), {.labels = {"ready-for-agent"}, .ready_by = "alice", .ready_at = time});
  ASSERT_TRUE(subject->writer().set_labels(repo, 1, {"ready-for-human"}, {"ready-for-agent"}));
  EXPECT_TRUE(ready_numbers().empty());
  EXPECT_EQ(look(1).ready_by.login, "");
}

TEST_P(Tracker, TheCommentIsFoundAgainByMarkerAndAuthor) {
  subject->put(key(1), {});
  const std::string marker = "<!-- marker -->";
  subject->comment(key(1), "mallory", marker + "\nforged");
  ASSERT_TRUE(subject->writer().upsert_comment(repo, 1, marker, marker + "\none"));
  ASSERT_TRUE(subject->writer().upsert_comment(repo, 1, marker, marker + "\ntwo"));
  ASSERT_TRUE(subject->writer().upsert_comment(repo, 1, marker, marker + "\ntwo"));
  ASSERT_TRUE(subject->writer().upsert_comment(repo, 1, "<!-- other -->", "<!-- other -->\nother"));
  const auto comments = subject->reader().comments(repo, 1).value();
  ASSERT_EQ(comments.size(), 3U);
  EXPECT_EQ(comments[0].body, marker + "\nforged");
  EXPECT_EQ(comments[1].body, marker + "\ntwo");
  EXPECT_EQ(comments[1].author, "runner");
  EXPECT_EQ(comments[2].body, "<!-- other -->\nother");
}

TEST_P(Tracker, CloseTwiceIsOnce) {
  subject->put(key(1), {.labels = {"ready-for-agent"}});
  ASSERT_TRUE(subject->writer().close(repo, 1, "landed"));
  ASSERT_TRUE(subject->writer().close(repo, 1, "landed"));
  EXPECT_FALSE(look(1).open);
  EXPECT_TRUE(ready_numbers().empty());
}

TEST_P(Tracker, WhatIsNotThereIsNotFound) {
  subject->put(key(1), {});
  EXPECT_EQ(subject->reader().issue(repo, 2, labels).error().kind, ErrorKind::not_found);
  EXPECT_EQ(subject->writer().set_labels(repo, 2, {"a"}, {}).error().kind, ErrorKind::not_found);
  EXPECT_EQ(subject->writer().upsert_comment(repo, 2, "m", "m").error().kind, ErrorKind::not_found);
  EXPECT_EQ(subject->writer().close(repo, 2, "x").error().kind, ErrorKind::not_found);
  const jobs::Repo unknown{.name = jobs::RepoName("acme/none")};
  EXPECT_EQ(subject->reader().ready_issues(unknown, labels).error().kind, ErrorKind::not_found);
}

INSTANTIATE_TEST_SUITE_P(All, Tracker,
                         ::testing::Values(Kind{"fake", [] { return std::make_unique<Fake>(); }},
                                           Kind{"local", [] { return std::make_unique<Local>(); }}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace

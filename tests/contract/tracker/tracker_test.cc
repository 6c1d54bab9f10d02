#include <algorithm>
#include <functional>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "jobs/base/time.h"
#include "tests/contract/tracker/subject.h"

/// What jobs/ports/tracker.h promises, asked of the fake and of every real tracker.
namespace {

using jobs::Blocker;
using jobs::ErrorKind;
using jobs::Permission;
using tracker_contract::Subject;

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
  EXPECT_EQ(ready_numbers(), subject->in_progress_is_ready()
                                 ? (std::vector<jobs::IssueNumber>{2, 3})
                                 : std::vector<jobs::IssueNumber>{3});
  EXPECT_EQ(subject->reader().in_progress_issues(repo, labels).value().size(), 2U);
}

TEST_P(Tracker, AnIssueThatCannotBeReadIsListedWithItsProblem) {
  if (!subject->has_broken_issues()) {
    GTEST_SKIP() << "no issue of this tracker can be broken";
  }
  subject->put(key(1), {.labels = {"ready-for-agent"}, .problem = "broken"});
  const auto issues = subject->reader().ready_issues(repo, labels).value();
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_NE(issues[0].problem, "");
  EXPECT_EQ(subject->writer().set_labels(repo, 1, {"a"}, {}).error().kind, ErrorKind::conflict);
}

TEST_P(Tracker, TrustIsAskedNowAndUnknownIsUnknown) {
  subject->put(key(1), {.labels = {"ready-for-agent"}, .ready_by = "alice", .ready_at = time});
  EXPECT_LE(look(1).ready_by.permission, Permission::none);
  subject->permit("alice", "write");
  EXPECT_EQ(look(1).ready_by.login, "alice");
  EXPECT_EQ(look(1).ready_by.permission, Permission::write);
  if (subject->takes_times()) {
    EXPECT_EQ(look(1).ready_by.at, time);
  } else {
    EXPECT_TRUE(look(1).ready_by.at);
  }
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
  subject->put(key(4), {.problem = subject->has_broken_issues() ? "broken" : ""});
  const auto blockers = look(1).blockers;
  ASSERT_EQ(blockers.size(), 4U);
  std::map<std::string, Blocker::State> states;
  for (const Blocker& blocker : blockers) {
    states[blocker.reference] = blocker.state;
  }
  EXPECT_EQ(states["#2"], Blocker::State::open);
  EXPECT_EQ(states["acme/lib#3"], Blocker::State::closed);
  EXPECT_EQ(states["#4"],
            subject->has_broken_issues() ? Blocker::State::unreadable : Blocker::State::open);
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
  ASSERT_TRUE(
      subject->writer().upsert_comment(repo, 1, {.marker = marker, .body = marker + "\none"}));
  ASSERT_TRUE(
      subject->writer().upsert_comment(repo, 1, {.marker = marker, .body = marker + "\ntwo"}));
  ASSERT_TRUE(
      subject->writer().upsert_comment(repo, 1, {.marker = marker, .body = marker + "\ntwo"}));
  ASSERT_TRUE(subject->writer().upsert_comment(
      repo, 1, {.marker = "<!-- other -->", .body = "<!-- other -->\nother"}));
  const auto comments = subject->reader().comments(repo, 1).value();
  ASSERT_EQ(comments.size(), 3U);
  EXPECT_EQ(comments[0].body, marker + "\nforged");
  EXPECT_EQ(comments[1].body, marker + "\ntwo");
  EXPECT_EQ(comments[1].author, "runner");
  EXPECT_EQ(comments[2].body, "<!-- other -->\nother");
}

TEST_P(Tracker, TheCommentIsFoundByItsIdWhereTheMarkerIsGone) {
  subject->put(key(1), {});
  const std::string marker = "<!-- marker -->";
  const auto upsert = [&](const std::string& mark, const std::string& text, const std::string& id) {
    return subject->writer()
        .upsert_comment(repo, 1, {.marker = mark, .body = mark + "\n" + text, .id = id})
        .value();
  };
  const std::string id = upsert(marker, "one", "");
  ASSERT_NE(id, "");
  EXPECT_EQ(upsert("<!-- edited -->", "by hand", id), id);
  EXPECT_EQ(upsert(marker, "two", id), id);
  EXPECT_EQ(upsert(marker, "two", id), id);
  const auto comments = subject->reader().comments(repo, 1).value();
  ASSERT_EQ(comments.size(), 1U);
  EXPECT_EQ(comments[0].id, id);
  EXPECT_EQ(comments[0].body, marker + "\ntwo");
}

TEST_P(Tracker, AnIdThatIsNotOursOrIsGoneGivesWayToTheMarker) {
  subject->put(key(1), {});
  subject->put(key(2), {});
  const std::string marker = "<!-- marker -->";
  const jobs::OwnComment text{.marker = marker, .body = marker + "\none", .id = ""};
  subject->comment(key(1), "mallory", marker + "\nforged");
  const std::string forged = subject->reader().comments(repo, 1).value().at(0).id;
  const std::string ours = subject->writer().upsert_comment(repo, 1, text).value();
  ASSERT_NE(ours, forged);
  for (const std::string& id : {forged, std::string("987654"), std::string("../1")}) {
    EXPECT_EQ(subject->writer()
                  .upsert_comment(repo, 1, {.marker = marker, .body = marker + "\ntwo", .id = id})
                  .value(),
              ours)
        << id;
  }
  // One of another issue stays as it is.
  jobs::OwnComment elsewhere = text;
  elsewhere.id = ours;
  ASSERT_TRUE(subject->writer().upsert_comment(repo, 2, elsewhere));
  const auto comments = subject->reader().comments(repo, 1).value();
  ASSERT_EQ(comments.size(), 2U);
  EXPECT_EQ(comments[0].body, marker + "\nforged");
  EXPECT_EQ(comments[1].body, marker + "\ntwo");
  EXPECT_EQ(subject->reader().comments(repo, 2).value().size(), 1U);
}

TEST_P(Tracker, WhoWroteAnIssueIsTold) {
  subject->put(key(1), {.author = "mallory", .labels = {"ready-for-agent"}});
  EXPECT_EQ(look(1).author, subject->tells_authors() ? "mallory" : "");
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
  EXPECT_EQ(subject->writer().upsert_comment(repo, 2, {.marker = "m", .body = "m"}).error().kind,
            ErrorKind::not_found);
  EXPECT_EQ(subject->writer().close(repo, 2, "x").error().kind, ErrorKind::not_found);
  const jobs::Repo unknown{.name = jobs::RepoName("acme/none")};
  EXPECT_EQ(subject->reader().ready_issues(unknown, labels).error().kind, ErrorKind::not_found);
}

INSTANTIATE_TEST_SUITE_P(
    All, Tracker,
    ::testing::Values(Kind{"fake", tracker_contract::make_fake},
                      Kind{"local", tracker_contract::make_local},
                      Kind{"github", [] { return tracker_contract::make_github(true); }},
                      Kind{"github_rest", [] { return tracker_contract::make_github(false); }},
                      Kind{"forgejo", [] { return tracker_contract::make_forgejo(false); }},
                      Kind{"gitea", [] { return tracker_contract::make_forgejo(true); }},
                      Kind{"plane", [] { return tracker_contract::make_plane(false); }},
                      Kind{"plane_old", [] { return tracker_contract::make_plane(true); }}),
    [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace

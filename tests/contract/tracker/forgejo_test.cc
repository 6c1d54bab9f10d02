// What only Forgejo and Gitea do: labels by number, a timeline for trust, hidden blockers, rights
// that are missing.
#include "runner/trackers/forgejo.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "jobs/base/time.h"
#include "tests/contract/tracker/words.h"
#include "tests/stub/forgejo.h"
#include "tests/stub/stub_api.h"

namespace {

using jobs::Blocker;
using jobs::ErrorKind;
using jobs::Permission;

constexpr const char* kNine = "2026-11-20T09:00:00Z";

class ForgejoTracker : public testing::Test {
 protected:
  explicit ForgejoTracker(stub::Forgejo::Options options = {}) : server(std::move(options)) {
    server.put(kShop, 1, {.labels = {}});
    server.permit("alice", "write");
    connect();
  }
  void TearDown() override { EXPECT_EQ(api.faults, std::vector<std::string>{}); }
  /// As the next tick does.
  void connect() {
    const runner::trackers::ForgejoOptions options{
        .bot = "named-bot", .place = [](const jobs::Repo& one) { return one.name.str(); }};
    reader = runner::trackers::make_forgejo_reader(options, api);
    writer = runner::trackers::make_forgejo_writer(options, api);
  }
  jobs::Issue look(jobs::IssueNumber number = 1) {
    return reader->issue(repo, number, labels).value();
  }
  std::size_t ready() { return reader->ready_issues(repo, labels).value().size(); }
  std::size_t asked(const std::string& part) {
    return static_cast<std::size_t>(std::ranges::count_if(
        api.log, [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }

  stub::Forgejo server;
  stub::StubApi api{"/api/v1", "forgejo-16.0.1.json",
                    [this](const stub::Request& request) { return server.answer(request); }};
  jobs::Repo repo{.name = jobs::RepoName(kShop)};
  jobs::Labels labels;
  std::unique_ptr<jobs::TrackerReader> reader;
  std::unique_ptr<jobs::TrackerWriter> writer;
};

TEST_F(ForgejoTracker, PullRequestsAndForeignLabelsAreNotListed) {
  server.put_pull_request(kShop, 2, {kReady});
  server.put(kShop, 3, {.labels = {kReady}});
  EXPECT_EQ(ready(), 1U);
  EXPECT_EQ(reader->issue(repo, 2, labels).error().kind, ErrorKind::not_found);
  labels.ready = "a label that the server has not";
  EXPECT_EQ(ready(), 0U) << "the server leaves such a filter out";
}

TEST_F(ForgejoTracker, AnEmptyPollIsOneRequest) {
  server.put(kShop, 3, {.labels = {kReady}, .open = false});
  EXPECT_EQ(ready(), 0U);
  EXPECT_EQ(api.log.size(), 1U);
}

TEST_F(ForgejoTracker, DetailsAreAskedForWhenAnIssueMayStart) {
  server.label(kShop, 1, kReady, "alice", kEight);
  auto issues = reader->ready_issues(repo, labels).value();
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_TRUE(issues[0].details_left_out);
  EXPECT_EQ(asked("timeline"), 0U);
  reader->complete({{.repo = &repo, .issue = &issues[0]}}, labels);
  EXPECT_FALSE(issues[0].details_left_out);
  EXPECT_EQ(issues[0].ready_by.permission, Permission::write);
  issues[0].key.number = 77;
  reader->complete({{.repo = &repo, .issue = &issues[0]}}, labels);
  EXPECT_NE(issues[0].problem, "");
}

TEST_F(ForgejoTracker, TheNewestEntryOfTheTimelineCounts) {
  server.label(kShop, 1, kReady, "mallory", "2026-11-20T07:00:00Z");
  server.label(kShop, 1, kReady, "mallory", "2026-11-20T07:30:00Z", false);
  server.label(kShop, 1, "bug", "mallory", "2026-11-20T08:30:00Z");
  server.label(kShop, 1, kReady, "alice", kEight);
  EXPECT_EQ(look().ready_by.login, "alice");
  EXPECT_EQ(look().ready_by.permission, Permission::write);
  EXPECT_EQ(look().ready_by.at, jobs::parse_time(kEight));
}

TEST_F(ForgejoTracker, NobodyWhoIsNotAPersonReleasesAnything) {
  server.label(kShop, 1, kReady, "Ghost", kEight);
  EXPECT_EQ(look().ready_by.login, "") << "a deleted account";
  server.program("forgejo-actions");
  for (const char* name : {"forgejo-actions", "runner", "RUNNER", "named-bot"}) {
    server.permit(name, "admin");
    server.label(kShop, 1, kReady, name, kNine);
    EXPECT_TRUE(look().ready_by.is_bot) << name;
  }
}

TEST_F(ForgejoTracker, PermissionsAsTheServerSaysThem) {
  server.label(kShop, 1, kReady, "bob", kEight);
  EXPECT_EQ(look().ready_by.permission, Permission::none) << "no such account";
  for (const auto& [word, means] :
       std::vector<std::pair<std::string, Permission>>{{"none", Permission::none},
                                                       {"read", Permission::read},
                                                       {"a new word", Permission::unknown},
                                                       {"write", Permission::write},
                                                       {"admin", Permission::admin},
                                                       {"owner", Permission::admin}}) {
    server.permit("bob", word);
    connect();
    EXPECT_EQ(look().ready_by.permission, means) << word;
  }
}

class WithoutAdmin : public ForgejoTracker {
 protected:
  WithoutAdmin() : ForgejoTracker({.admin = false}) {}
  Permission of(const std::string& name) {
    server.label(kShop, 1, kReady, name, kEight);
    return look().ready_by.permission;
  }
};

TEST_F(WithoutAdmin, TheOwnerAndAssigneesOfAPersonsRepositoryAreKnown) {
  server.permit("reader", "read");
  EXPECT_EQ(of("acme"), Permission::admin);
  EXPECT_EQ(of("alice"), Permission::write);
  EXPECT_LT(of("reader"), Permission::write);
}

TEST_F(WithoutAdmin, InAnOrganisationNobodyIs) {
  server.organisation("acme", {});
  for (const char* name : {"acme", "alice", "reader"}) {
    EXPECT_EQ(of(name), Permission::unknown) << "an assignee may be in a team that only reads";
  }
}

TEST_F(ForgejoTracker, AChangeAfterTheLabelIsAnEditUnlessTheAuthorMayWrite) {
  server.put(kShop, 2, {.author = "mallory", .labels = {}});
  for (const int number : {1, 2}) {
    server.label(kShop, number, kReady, "alice", kEight);
    EXPECT_FALSE(look(number).edited_at);
    server.touch(kShop, number, kNine);
  }
  EXPECT_FALSE(look(1).edited_at) << "whoever edited it may write";
  EXPECT_EQ(look(2).edited_at, jobs::parse_time(kNine));
  EXPECT_EQ(look(2).edited_by, "mallory");
  EXPECT_LT(look(2).editor_permission, Permission::write);
}

TEST_F(ForgejoTracker, AHiddenBlockerBlocks) {
  server.put("acme/secret", 5, {.labels = {}});
  server.block(kShop, 1, "acme/secret", 5);
  server.hide("acme/secret");
  const auto blockers = look().blockers;
  ASSERT_EQ(blockers.size(), 1U);
  EXPECT_EQ(blockers[0].state, Blocker::State::unreadable);
}

TEST_F(ForgejoTracker, DependenciesThatAreOffAreNoneAndThoseThatAreDeniedBlock) {
  const std::string path = "GET /api/v1/repos/acme/shop/issues/1/dependencies";
  api.statuses[path] = 404;
  EXPECT_TRUE(look().blockers.empty());
  for (const int status : {403, 500}) {
    api.statuses[path] = status;
    ASSERT_EQ(look().blockers.size(), 1U);
    EXPECT_EQ(look().blockers[0].state, Blocker::State::unreadable) << status;
  }
}

TEST_F(ForgejoTracker, WhoSetTheLabelIsNotGuessed) {
  server.label(kShop, 1, kReady, "alice", kEight);
  api.statuses["GET /api/v1/repos/acme/shop/issues/1/timeline"] = 500;
  EXPECT_NE(look().problem, "");
  EXPECT_EQ(look().ready_by.login, "");
}

TEST_F(ForgejoTracker, LabelsAreSetByNumberMadeOnceAndTakenFromTheOrganisation) {
  server.organisation("acme", {"shared"});
  ASSERT_TRUE(writer->set_labels(repo, 1, {"agent-in-progress", "shared"}, {}));
  EXPECT_EQ(look().labels, (std::vector<std::string>{"agent-in-progress", "shared"}));
  EXPECT_EQ(asked("POST /api/v1/repos/acme/shop/labels"), 1U);
  ASSERT_TRUE(writer->set_labels(repo, 1, {"agent-in-progress"}, {"shared"}));
  EXPECT_EQ(look().labels, (std::vector<std::string>{"agent-in-progress"}));
  EXPECT_EQ(asked("POST"), 2U) << "nothing is set twice";
}

TEST_F(ForgejoTracker, WhatMayHaveBeenMadeIsLookedForFirst) {
  api.lose_answer_to("POST");
  ASSERT_TRUE(writer->upsert_comment(repo, 1, {.marker = "<!-- m -->", .body = "<!-- m --> one"}));
  ASSERT_TRUE(writer->upsert_comment(repo, 1, {.marker = "<!-- m -->", .body = "<!-- m --> two"}));
  const auto comments = reader->comments(repo, 1).value();
  ASSERT_EQ(comments.size(), 1U);
  EXPECT_EQ(comments[0].body, "<!-- m --> two");
  api.lose_answer_to("POST");
  ASSERT_TRUE(writer->set_labels(repo, 1, {"new"}, {}));
  EXPECT_EQ(look().labels, std::vector<std::string>{"new"});
  EXPECT_EQ(asked("POST /api/v1/repos/acme/shop/labels"), 1U);
}

TEST_F(ForgejoTracker, WithoutKnowingWhoItIsNoCommentIsTouched) {
  server.comment(kShop, 1, "runner", "<!-- m --> old");
  api.statuses["GET /api/v1/user"] = 403;
  const auto status =
      writer->upsert_comment(repo, 1, {.marker = "<!-- m -->", .body = "<!-- m --> new"});
  EXPECT_EQ(status.error().kind, ErrorKind::denied);
  EXPECT_NE(status.error().text().find("read:user"), std::string::npos);
  EXPECT_EQ(reader->comments(repo, 1).value()[0].body, "<!-- m --> old");
}

TEST_F(ForgejoTracker, AMissingRepositorySaysWhatToDo) {
  repo.name = jobs::RepoName("acme/none");
  const jobs::Error error = reader->ready_issues(repo, labels).error();
  EXPECT_EQ(error.kind, ErrorKind::not_found);
  EXPECT_NE(error.text().find("Forgejo 16.0.1 has no repository acme/none"), std::string::npos)
      << error.text();
}

class Gitea : public ForgejoTracker {
 protected:
  Gitea() : ForgejoTracker({.gitea = true}) {}
};

TEST_F(Gitea, IsDetectedNotGuessed) {
  repo.name = jobs::RepoName("acme/none");
  EXPECT_NE(reader->ready_issues(repo, labels).error().text().find("Gitea 1.24.0"),
            std::string::npos);
}

TEST_F(ForgejoTracker, Invariant11_NamesStayInTheirPlace) {
  server.put(kShop, 9, {.body = "Blocked by ../..#7, a/b/c#1 and acme/shop#2", .labels = {}});
  server.put(kShop, 2, {.labels = {}});
  server.label(kShop, 9, kReady, "../../admin", kEight);
  EXPECT_LT(look(9).ready_by.permission, Permission::write);
  EXPECT_EQ(asked("/../"), 0U);
}

}  // namespace

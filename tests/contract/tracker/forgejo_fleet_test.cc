// Many repositories of one Forgejo or Gitea asked at once, and what the network does to it.
#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "jobs/base/time.h"
#include "runner/forge/http_api.h"
#include "runner/trackers/forgejo.h"
#include "tests/contract/tracker/network.h"
#include "tests/contract/tracker/words.h"
#include "tests/stub/forgejo.h"
#include "tests/stub/stub.h"
#include "tests/stub/stub_api.h"

namespace {

using jobs::ErrorKind;

constexpr const char* kBusy = "agent-in-progress";

runner::trackers::ForgejoOptions options() {
  return {.bot = "runner", .place = [](const jobs::Repo& one) { return one.name.str(); }};
}

class ForgejoFleet : public testing::Test {
 protected:
  ForgejoFleet() {
    server.permit("alice", "write");
    for (const char* owner : {"acme", "tools"}) {
      for (int n = 0; n < 5; ++n) {
        jobs::Repo repo;
        repo.name = jobs::RepoName(std::string(owner) + "/service-" + std::to_string(n));
        server.put(repo.name.str(), 1, {.labels = {}});
        repos.push_back(repo);
      }
    }
    server.label("acme/service-1", 1, kReady, "alice", kEight);
    server.put("tools/service-2", 7, {.labels = {kBusy}});
  }
  void TearDown() override { EXPECT_EQ(api.faults, std::vector<std::string>{}); }
  void announce() {
    std::vector<const jobs::Repo*> all;
    for (const jobs::Repo& repo : repos) {
      all.push_back(&repo);
    }
    api.log.clear();
    reader->announce(all, labels);
  }
  /// How many ready and how many busy issues there are in all.
  std::pair<std::size_t, std::size_t> poll() {
    std::pair<std::size_t, std::size_t> count;
    for (const jobs::Repo& repo : repos) {
      const auto ready = reader->ready_issues(repo, labels);
      const auto busy = reader->in_progress_issues(repo, labels);
      EXPECT_TRUE(ready && busy) << repo.name.str();
      count.first += ready ? ready->size() : 0;
      count.second += busy ? busy->size() : 0;
    }
    return count;
  }

  stub::Forgejo server;
  stub::StubApi api{"/api/v1", "forgejo-16.0.1.json",
                    [this](const stub::Request& request) { return server.answer(request); }};
  std::vector<jobs::Repo> repos;
  jobs::Labels labels;
  std::unique_ptr<jobs::TrackerReader> reader =
      runner::trackers::make_forgejo_reader(options(), api);
};

TEST_F(ForgejoFleet, ThePollIsOneSearchForEachOwner) {
  announce();
  EXPECT_EQ(poll(), (std::pair<std::size_t, std::size_t>{1, 1}));
  const auto searches = std::ranges::count_if(api.log, [](const std::string& line) {
    return line.find("/repos/issues/search") != std::string::npos;
  });
  EXPECT_EQ(searches, 2);
  EXPECT_LE(api.log.size(), 4U) << "and the repositories, and how long pages are";
}

TEST_F(ForgejoFleet, WhatIsAskedAgainIsAskedAnew) {
  announce();
  EXPECT_EQ(poll().first, 1U);
  server.label("acme/service-1", 1, kReady, "alice", kEight, false);
  EXPECT_EQ(poll().first, 0U);
}

TEST_F(ForgejoFleet, ARepositoryThatASearchIsSilentAboutSaysWhatIsWrong) {
  server.hide("acme/service-3");
  server.turn_issues_off("acme/service-4");
  announce();
  EXPECT_EQ(reader->ready_issues(repos[1], labels).value().size(), 1U);
  for (const std::size_t lost : {3U, 4U}) {
    const auto issues = reader->ready_issues(repos[lost], labels);
    ASSERT_FALSE(issues) << repos[lost].name.str();
    EXPECT_NE(issues.error().kind, ErrorKind::transient) << issues.error().text();
    EXPECT_NE(issues.error().text().find(lost == 3 ? "has no repository" : "issues"),
              std::string::npos)
        << issues.error().text();
    EXPECT_FALSE(issues.error().hint.empty());
  }
}

TEST_F(ForgejoFleet, ASearchThatFailsLeavesEachToBeAsked) {
  api.statuses["GET /api/v1/repos/issues/search"] = 500;
  announce();
  EXPECT_EQ(poll(), (std::pair<std::size_t, std::size_t>{1, 1}));
  api.statuses["GET /api/v1/user/repos"] = 403;
  announce();
  EXPECT_EQ(poll(), (std::pair<std::size_t, std::size_t>{1, 1}));
}

TEST_F(ForgejoFleet, ALabelThatIsNowhereFindsNothing) {
  labels.ready = "not there";
  labels.in_progress = "nor this";
  for (int n = 2; n < 300; ++n) {
    server.put("acme/service-0", n, {.labels = {}});
  }
  announce();
  EXPECT_EQ(poll(), (std::pair<std::size_t, std::size_t>{0, 0}))
      << "though the server leaves the filter out";
}

TEST_F(ForgejoFleet, NamesMayDifferInTheirCase) {
  repos[1].name = jobs::RepoName("ACME/Service-1");
  announce();
  EXPECT_EQ(reader->ready_issues(repos[1], labels).value().size(), 1U);
}

/// Over HTTP; nobody waits, because the clock is stepped.
class ForgejoNetwork : public testing::Test, protected tracker_contract::Network {
 protected:
  ForgejoNetwork() {
    stub.forgejo = [this](const stub::Request& request) { return server.answer(request); };
    server.permit("alice", "write");
    server.put("acme/shop", 1, {.title = "caf\xc3\xa9 \xf0\x9f\x9a\x80", .labels = {}});
    server.label("acme/shop", 1, kReady, "alice", kEight);
    renew();
  }
  void renew() {
    reader.reset();
    runner::forge::ApiOptions made;
    made.root = stub.url("/api/v1");
    api = Network::api(std::move(made));
    reader = runner::trackers::make_forgejo_reader(options(), *api);
  }

  stub::Forgejo server;
  stub::Stub stub{stub::Stub::Options{}};
  std::unique_ptr<runner::forge::Api> api;
  std::unique_ptr<jobs::TrackerReader> reader;
  jobs::Repo repo{.name = jobs::RepoName("acme/shop")};
  jobs::Labels labels;
};

TEST_F(ForgejoNetwork, FaultsAreErrorsOfTheirKindAndNeverNoIssues) {
  struct Broken {
    stub::FaultKind fault;
    ErrorKind kind;
  };
  for (const Broken& broken :
       std::array{Broken{stub::FaultKind::cut, ErrorKind::transient},
                  Broken{stub::FaultKind::failed, ErrorKind::transient},
                  Broken{stub::FaultKind::timeout, ErrorKind::transient},
                  Broken{stub::FaultKind::truncated, ErrorKind::transient},
                  Broken{stub::FaultKind::html, ErrorKind::transient},
                  Broken{stub::FaultKind::redirect, ErrorKind::denied},
                  Broken{stub::FaultKind::rate_limited, ErrorKind::rate_limited}}) {
    const std::string name(to_string(broken.fault));
    cache.kept.clear();
    clock.sleep(std::chrono::hours(2));
    stub.faults.clear();
    stub.faults.add(
        {.method = "",
         .path = "*",
         .times = 0,
         .fault = {.kind = broken.fault, .milliseconds = 20, .location = "http://127.0.0.1:1/"}});
    renew();
    const auto issues = reader->ready_issues(repo, labels);
    ASSERT_FALSE(issues) << name;
    EXPECT_EQ(issues.error().kind, broken.kind) << name << ": " << issues.error().text();
    EXPECT_EQ(issues.error().text().find("secret-token"), std::string::npos);
  }
}

TEST_F(ForgejoNetwork, AFaultThatPassesIsNotSeen) {
  for (const auto kind : {stub::FaultKind::cut, stub::FaultKind::failed, stub::FaultKind::truncated,
                          stub::FaultKind::slow}) {
    stub.faults.clear();
    stub.faults.add({.path = "*", .fault = {.kind = kind, .milliseconds = 1, .bytes = 64}});
    renew();
    const auto issues = reader->ready_issues(repo, labels);
    ASSERT_TRUE(issues) << to_string(kind) << issues.error().text();
    ASSERT_EQ(issues->size(), 1U);
    EXPECT_EQ(issues->front().title, "caf\xc3\xa9 \xf0\x9f\x9a\x80");
  }
}

TEST_F(ForgejoNetwork, BlockersInACircleBlockEachOther) {
  server.put("acme/shop", 2, {.body = "Blocked by #1", .labels = {}});
  server.label("acme/shop", 2, kReady, "alice", kEight);
  server.block("acme/shop", 1, "acme/shop", 2);
  for (const jobs::IssueNumber number : {1, 2}) {
    const auto issue = reader->issue(repo, number, labels);
    ASSERT_TRUE(issue) << issue.error().text();
    ASSERT_EQ(issue->blockers.size(), 1U);
    EXPECT_EQ(issue->blockers.front().state, jobs::Blocker::State::open);
  }
}

}  // namespace

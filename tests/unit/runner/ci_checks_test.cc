// Kind `checks`: what GitHub's answers about a commit amount to.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runner/ci/forge_ci.h"
#include "tests/fakes/scripted_api.h"
#include "tests/support/tracker_folder.h"
#include "tests/unit/runner/ci_commits.h"

namespace runner::ci {
namespace {

using jobs::ErrorKind;
using jobs::Verdict;
using nlohmann::json;

json run(std::int64_t id, const std::string& name, const std::string& conclusion,
         std::int64_t suite = 1) {
  return {{"id", id},
          {"name", name},
          {"status", conclusion.empty() ? "in_progress" : "completed"},
          {"conclusion", conclusion.empty() ? json() : json(conclusion)},
          {"started_at", "2026-11-20T07:00:00Z"},
          {"completed_at", conclusion.empty() ? json() : json("2026-11-20T07:05:00Z")},
          {"app", {{"slug", "github-actions"}}},
          {"check_suite", {{"id", suite}}},
          {"output", {{"title", nullptr}, {"summary", nullptr}, {"text", nullptr}}}};
}

class ChecksCi : public testing::Test {
 protected:
  void commit(const std::string& sha, const json& runs, const json& statuses = json::array(),
              const json& suites = json::array(), const json& workflow_runs = json::array()) {
    const std::string at = "/repos/acme/shop/commits/" + sha + "/";
    api.answer(at + "check-runs?per_page=100", json{{"check_runs", runs}}.dump());
    api.answer(at + "status?per_page=100",
               json{{"state", "pending"}, {"statuses", statuses}}.dump());
    api.answer(at + "check-suites?per_page=100", json{{"check_suites", suites}}.dump());
    api.answer("/repos/acme/shop/actions/runs?head_sha=" + sha + "&per_page=100",
               json{{"workflow_runs", workflow_runs}}.dump());
  }
  jobs::Result<jobs::CiReport> ask() {
    return make_checks_reader({.config = config,
                               .api = api,
                               .clock = clock,
                               .place = [](const jobs::Repo& one) { return one.name.str(); }})
        ->observe(repo, jobs::Oid(kOurs));
  }
  jobs::CiReport look() { return ask().value(); }

  fakes::ScriptedApi api;
  test_support::StillClock clock;
  jobs::CiConfig config{.name = "github", .kind = jobs::CiKind::checks};
  jobs::Repo repo{.name = jobs::RepoName("acme/shop")};
};

TEST_F(ChecksCi, ACombinedPendingWithoutStatusesIsAbsent) {
  commit(kOurs, json::array());
  EXPECT_EQ(look().verdict, Verdict::absent);
}

TEST_F(ChecksCi, RunsAndStatusesCountTogether) {
  const json statuses = json::array({{{"id", 9},
                                      {"context", "ci/wood"},
                                      {"state", "failure"},
                                      {"description", "no luck"},
                                      {"target_url", "https://ci"},
                                      {"updated_at", "2026-11-20T07:00:00Z"}}});
  commit(kOurs, json::array({run(1, "build", "success")}), statuses);
  const jobs::CiReport report = look();
  EXPECT_EQ(report.verdict, Verdict::fail);
  EXPECT_EQ(report.failing(), std::vector<std::string>{"ci/wood"});
  EXPECT_EQ(report.checks.at(1).log_tail, "no luck\nhttps://ci\n");
}

TEST_F(ChecksCi, AllPagesAreRead) {
  commit(kOurs, json::array({run(1, "build", "success")}));
  api.answer("/repos/acme/shop/commits/" + kOurs + "/check-runs?per_page=100",
             json{{"check_runs", json::array({run(1, "build", "success")})}}.dump(), "/page2");
  api.answer("/page2", json{{"check_runs", json::array({run(2, "zz", "failure")})}}.dump());
  EXPECT_EQ(look().failing(), std::vector<std::string>{"zz"});
}

TEST_F(ChecksCi, WhatMayNotBeReadIsNotNoChecks) {
  for (const char* what : {"check-runs", "status", "check-suites"}) {
    commit(kOurs, json::array({run(1, "build", "success")}));
    api.refuse("/repos/acme/shop/commits/" + kOurs + "/" + what + "?per_page=100",
               ErrorKind::denied);
    EXPECT_EQ(ask().error().kind, ErrorKind::denied) << what;
  }
  commit(kOurs, json::array({run(1, "build", "success")}));
  const std::string runs = "/repos/acme/shop/actions/runs?head_sha=" + kOurs + "&per_page=100";
  api.refuse(runs, ErrorKind::denied);
  EXPECT_EQ(look().verdict, Verdict::pass) << "only workflows' names are lost";
  api.refuse(runs, ErrorKind::rate_limited);
  EXPECT_FALSE(ask());
}

TEST_F(ChecksCi, OneNameInTwoWorkflowsIsTwoChecksAndInOneARunAgain) {
  commit(kOurs, json::array({run(1, "build", "failure", 11), run(2, "build", "success", 12)}),
         json::array(), json::array(),
         {{{"check_suite_id", 11}, {"path", ".github/workflows/test.yml"}},
          {{"check_suite_id", 12}, {"path", ".github/workflows/lint.yml"}}});
  EXPECT_EQ(look().failing(),
            std::vector<std::string>{"build [github-actions .github/workflows/test.yml]"});
  commit(kOurs, json::array({run(1, "build", "failure", 11), run(2, "build", "success", 12)}),
         json::array(), json::array(),
         {{{"check_suite_id", 11}, {"path", ".github/workflows/test.yml"}},
          {{"check_suite_id", 12}, {"path", ".github/workflows/test.yml"}}});
  EXPECT_EQ(look().verdict, Verdict::pass) << "the workflow was started again";
  commit(kOurs, json::array({run(1, "build", "failure", 11), run(2, "build", "success", 12)}));
  EXPECT_EQ(look().verdict, Verdict::fail) << "of an unknown workflow: the suite stands for it";
}

TEST_F(ChecksCi, QueuedSuitesAreWaitedForButNotThoseOfIdleApps) {
  const auto suite = [](const char* app, const char* status, int runs) {
    return json{{"app", {{"slug", app}}}, {"status", status}, {"latest_check_runs_count", runs}};
  };
  commit(kOurs, json::array({run(1, "build", "success")}), json::array(),
         json::array({suite("idle-app", "queued", 0)}));
  EXPECT_EQ(look().verdict, Verdict::pass);
  commit(kOurs, json::array({run(1, "build", "success")}), json::array(),
         json::array({suite("github-actions", "queued", 0)}));
  EXPECT_EQ(look().verdict, Verdict::pending);
  commit(kOurs, json::array({run(1, "build", "success")}), json::array(),
         json::array({suite("other", "in_progress", 2)}));
  EXPECT_EQ(look().verdict, Verdict::pending);
}

TEST_F(ChecksCi, AFailedRunShowsItsAnnotations) {
  json red = run(7, "build", "failure");
  red["output"]["summary"] = "1 of 90 tests failed";
  commit(kOurs, json::array({red}));
  const std::string at = "/repos/acme/shop/check-runs/7/annotations?per_page=50";
  const json note = {{"path", "src/a.cc"},
                     {"start_line", 3},
                     {"annotation_level", "failure"},
                     {"message", "\x1b[31mexpected 1\x1b[0m"}};
  api.answer(at, json::array({note}).dump());
  EXPECT_EQ(look().checks.at(0).log_tail,
            "1 of 90 tests failed\nsrc/a.cc:3: failure: expected 1\n");
  api.refuse(at, ErrorKind::denied);
  const jobs::CiReport report = look();
  EXPECT_EQ(report.verdict, Verdict::fail) << "a log is not worth an error";
  EXPECT_NE(report.checks.at(0).log_tail.find("could not be read"), std::string::npos);
}

class Superseded : public ChecksCi {
 protected:
  Superseded() { commit(kOurs, json::array({run(1, "build", "cancelled")})); }
  void compared(const std::string& status) {
    api.answer("/repos/acme/shop/compare/main..." + kOurs + "?per_page=1",
               json{{"status", status}, {"base_commit", {{"sha", kHead}}}}.dump());
  }
};

TEST_F(Superseded, TheHeadThatContainsItDecides) {
  compared("behind");
  commit(kHead, json::array({run(5, "build", "success")}));
  const jobs::CiReport report = look();
  EXPECT_EQ(report.verdict, Verdict::pass);
  EXPECT_NE(report.detail.find("bbbbbbbbbbbb, which contains it"), std::string::npos);
  commit(kHead, json::array({run(5, "build", "")}));
  EXPECT_EQ(look().verdict, Verdict::pending);
  commit(kHead, json::array({run(5, "build", "cancelled")}));
  EXPECT_EQ(look().verdict, Verdict::stopped);
}

TEST_F(Superseded, AHeadThatDoesNotContainItSaysNothing) {
  commit(kHead, json::array({run(5, "build", "success")}));
  for (const char* status : {"identical", "ahead", "diverged", ""}) {
    compared(status);
    EXPECT_EQ(look().verdict, Verdict::stopped) << status;
  }
  api.refuse("/repos/acme/shop/compare/main..." + kOurs + "?per_page=1", ErrorKind::not_found);
  EXPECT_EQ(look().verdict, Verdict::stopped);
  api.refuse("/repos/acme/shop/compare/main..." + kOurs + "?per_page=1", ErrorKind::transient);
  EXPECT_FALSE(ask()) << "not known now: nobody is called for that";
}

TEST_F(ChecksCi, Invariant11_OnlyAWholeCommitIdIsAskedFor) {
  for (const char* id : {"main", "aaaa", "../../x", ""}) {
    EXPECT_EQ(make_checks_reader({.config = config,
                                  .api = api,
                                  .clock = clock,
                                  .place = [](const jobs::Repo& one) { return one.name.str(); }})
                  ->observe(repo, jobs::Oid(id))
                  .error()
                  .kind,
              ErrorKind::bug);
  }
  EXPECT_TRUE(api.asked.empty());
}

}  // namespace
}  // namespace runner::ci

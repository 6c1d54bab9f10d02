// The real server judges the judge: what GitHub really answered (recorded/README.md) is accepted,
// and our adapters read it.
#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "runner/ci/forge_ci.h"
#include "runner/forge/meaning.h"
#include "runner/trackers/github.h"
#include "runner/trackers/github_parts.h"
#include "tests/fakes/scripted_api.h"
#include "tests/integration/github_rest/description.h"
#include "tests/support/tracker_folder.h"

namespace github_rest {
namespace {

using Json = nlohmann::json;

Json recorded(const std::string& name) {
  std::ifstream file(std::string(RUNNER_SOURCE_DIR) + "/tests/integration/github_rest/recorded/" +
                     name + ".json");
  return Json::parse(file);
}

std::string text_of(const Json& body) {
  return body.is_null() ? "" : body.dump();
}

Json cases_in(const std::string& name) {
  Json cases = Json::array();
  for (const Json& each : recorded(name)) {
    cases.push_back(one_case(each.at("method"), each.at("target"), text_of(each.at("sent")),
                             each.at("status"), text_of(each.at("answer"))));
  }
  return cases;
}

TEST(GithubRestRecorded, WhatGithubAnsweredIsAccepted) {
  const Description description;
  if (!description.missing().empty()) {
    GTEST_SKIP() << description.missing();
  }
  Json all = Json::array();
  for (const char* name :
       {"add-labels-to-issue", "create-status", "errors", "labels", "paginate-issues"}) {
    for (const Json& each : cases_in(name)) {
      all.push_back(each);
    }
  }
  EXPECT_EQ(all.size(), 11U);
  EXPECT_EQ(description.check(all), "exit 0\n");
  EXPECT_EQ(description.check(cases_in("rename-repository")),
            "GET /repositories/1000 -> 200: / must have required property 'has_discussions'\n"
            "exit 1\n")
      << "it came after the recording, and nothing else did";
}

TEST(GithubRestRecorded, ListsOfIssuesAreRead) {
  const Json pages = recorded("paginate-issues");
  fakes::ScriptedApi api;
  const std::string list = "/repos/acme/shop/issues?state=open&labels=";
  const std::string rest = "&sort=created&direction=asc&per_page=100";
  api.answer(list + "ready-for-agent" + rest, pages.at(0).at("answer").dump(), "/second");
  api.answer("/second", pages.at(1).at("answer").dump());
  api.answer(list + jobs::Labels{}.in_progress + rest, "[]");
  const jobs::Repo repo{.name = jobs::RepoName("acme/shop")};
  const auto reader = runner::trackers::make_github_reader(
      {.kind = jobs::TrackerKind::github, .api = jobs::ForgeApi::rest}, api);
  const auto ready = reader->ready_issues(repo, jobs::Labels{});
  ASSERT_TRUE(ready) << ready.error().text();
  ASSERT_EQ(ready->size(), 4U);
  for (const jobs::Issue& issue : *ready) {
    EXPECT_GT(issue.key.number, 0);
    EXPECT_TRUE(issue.title.starts_with("Test issue")) << issue.title;
    EXPECT_EQ(issue.url, "https://github.com/octokit-fixture-org/paginate-issues/issues/" +
                             std::to_string(issue.key.number));
  }
}

TEST(GithubRestRecorded, AnIssueIsRead) {
  const auto text = runner::trackers::github::parse_rest_issue(
      recorded("add-labels-to-issue").at(0).at("answer").dump());
  ASSERT_TRUE(text) << text.error().text();
  EXPECT_EQ(text->title, "Issue without a label");
  EXPECT_EQ(text->body, "") << "null, where there is none";
  EXPECT_TRUE(text->open);
  EXPECT_TRUE(text->labels.empty());
}

TEST(GithubRestRecorded, CombinedStatusesAreRead) {
  const Json exchanges = recorded("create-status");
  const Json& combined = *std::ranges::find(
      exchanges, "GET", [](const Json& each) { return each.at("method").get<std::string>(); });
  const jobs::Oid commit(combined.at("answer").at("sha").get<std::string>());
  const std::string at = "/repos/acme/shop/commits/" + commit.str() + "/";
  fakes::ScriptedApi api;
  api.answer(at + "check-runs?per_page=100", R"({"total_count":0,"check_runs":[]})");
  api.answer(at + "check-suites?per_page=100", R"({"total_count":0,"check_suites":[]})");
  api.answer(at + "status?per_page=100", combined.at("answer").dump());
  test_support::StillClock clock;
  const auto report = runner::ci::make_checks_reader(
                          {.config = {.name = "ci", .settle = {}},
                           .api = api,
                           .clock = clock,
                           .place = [](const jobs::Repo& one) { return one.name.str(); }})
                          ->observe({.name = jobs::RepoName("acme/shop")}, commit);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->verdict, jobs::Verdict::fail);
  ASSERT_EQ(report->checks.size(), 2U);
  const auto failed = std::ranges::find(report->checks, jobs::Verdict::fail, &jobs::Check::verdict);
  EXPECT_EQ(failed->name, "example/1");
  EXPECT_EQ(failed->log_tail, "create-status failure test\nhttps://example.com\n");
}

TEST(GithubRestRecorded, ErrorsAndRenamesAreUnderstood) {
  const Json error = recorded("errors").at(0);
  runner::http::Answer refused;
  refused.status = error.at("status");
  refused.headers = {{"content-type", "application/json; charset=utf-8"}};
  refused.body = error.at("answer").dump();
  const auto meaning = runner::forge::meaning_of(refused, "variable TOKEN");
  ASSERT_TRUE(meaning);
  EXPECT_NE(meaning->text().find("Validation Failed"), std::string::npos) << meaning->text();

  const Json renamed = recorded("rename-repository");
  runner::http::Answer moved;
  moved.status = renamed.at(0).at("status");
  moved.headers = {{"location", renamed.at(0).at("location")}};
  EXPECT_EQ(runner::forge::moved_repository(moved, "https://api.github.com"),
            renamed.at(1).at("target").get<std::string>());
  EXPECT_TRUE(renamed.at(1).at("answer").at("full_name").is_string());
}

}  // namespace
}  // namespace github_rest

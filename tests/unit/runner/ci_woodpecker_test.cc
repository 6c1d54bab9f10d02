// Kind `woodpecker`: which of a repository's pipelines speak about a commit, and what they say.
#include <algorithm>

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

json pipeline(std::int64_t number, const std::string& status, const std::string& event = "push",
              const std::string& commit = kOurs, const std::string& branch = "main") {
  return {{"id", number + 5000},      {"number", number},         {"status", status},
          {"event", event},           {"commit", commit},         {"branch", branch},
          {"created", 1'790'000'000}, {"finished", 1'790'000'100}};
}

json workflow(const std::string& name, const std::string& state,
              const json& steps = json::array()) {
  return {{"name", name}, {"state", state}, {"finished", 1'790'000'100}, {"children", steps}};
}

class WoodpeckerCi : public testing::Test {
 protected:
  WoodpeckerCi() { api.answer("/repos/lookup/acme/shop", R"({"id":42,"full_name":"acme/shop"})"); }
  void page(int number, const json& pipelines, int repo_number = 42) {
    api.answer(fmt::format("/repos/{}/pipelines?page={}&perPage=50", repo_number, number),
               pipelines.dump());
  }
  void put(json one, const json& workflows) {
    one["workflows"] = workflows;
    api.answer(fmt::format("/repos/42/pipelines/{}", one["number"].get<int>()), one.dump());
  }
  /// The only pipeline there is, with one workflow in the same state.
  Verdict verdict(const std::string& status) {
    page(1, json::array({pipeline(7, status)}));
    put(pipeline(7, status), json::array({workflow("build", status)}));
    return look().verdict;
  }
  jobs::Result<jobs::CiReport> ask() { return reader->observe(repo, jobs::Oid(kOurs)); }
  jobs::CiReport look() {
    reader = make();
    return ask().value();
  }
  std::unique_ptr<jobs::CiReader> make() {
    return make_woodpecker_reader(
        {.config = config, .api = api, .clock = clock, .place = [](const jobs::Repo& one) {
           return one.name.str();
         }});
  }

  fakes::ScriptedApi api;
  test_support::StillClock clock;
  jobs::CiConfig config{.name = "wood", .kind = jobs::CiKind::woodpecker};
  jobs::Repo repo{.name = jobs::RepoName("acme/shop")};
  std::unique_ptr<jobs::CiReader> reader = make();
};

TEST_F(WoodpeckerCi, EveryStatusIsMapped) {
  for (const auto& [status, means] :
       std::vector<std::pair<std::string, Verdict>>{{"success", Verdict::pass},
                                                    {"skipped", Verdict::pass},
                                                    {"failure", Verdict::fail},
                                                    {"error", Verdict::fail},
                                                    {"killed", Verdict::stopped},
                                                    {"canceled", Verdict::stopped},
                                                    {"declined", Verdict::stopped},
                                                    {"blocked", Verdict::pending},
                                                    {"pending", Verdict::pending},
                                                    {"running", Verdict::pending},
                                                    {"started", Verdict::pending},
                                                    {"created", Verdict::pending},
                                                    {"succeeded", Verdict::pending},
                                                    {"", Verdict::pending}}) {
    EXPECT_EQ(verdict(status), means) << status;
  }
}

TEST_F(WoodpeckerCi, NothingAboutTheCommitIsAbsent) {
  page(1,
       json::array({pipeline(8, "success", "push", kHead), pipeline(7, "failure", "pull_request"),
                    pipeline(6, "failure", "push", kOurs, "feature")}));
  EXPECT_EQ(look().verdict, Verdict::absent);
  page(1, json::array());
  EXPECT_EQ(look().verdict, Verdict::absent);
}

TEST_F(WoodpeckerCi, TheNewestRestartCounts) {
  page(1, json::array({pipeline(8, "success"), pipeline(7, "failure")}));
  put(pipeline(8, "success"), json::array({workflow("build", "success")}));
  EXPECT_EQ(look().verdict, Verdict::pass);
}

TEST_F(WoodpeckerCi, EachConfiguredEventCounts) {
  config.events = {"push", "deployment"};
  page(1,
       json::array({pipeline(9, "failure", "deployment", kOurs, "prod"), pipeline(7, "success")}));
  put(pipeline(7, "success"), json::array({workflow("build", "success")}));
  put(pipeline(9, "failure", "deployment"), json::array({workflow("deploy", "failure")}));
  EXPECT_EQ(look().failing(), std::vector<std::string>{"deploy"});
}

TEST_F(WoodpeckerCi, OlderPagesAreReadWithinBounds) {
  json full = json::array();
  for (int i = 0; i < 50; ++i) {
    full.push_back(pipeline(1000 - i, "success", "push", kHead));
  }
  for (int i = 1; i <= 5; ++i) {
    page(i, full);
  }
  EXPECT_EQ(look().verdict, Verdict::absent);
  page(4, json::array({pipeline(7, "success")}));
  put(pipeline(7, "success"), json::array({workflow("build", "success")}));
  EXPECT_EQ(look().verdict, Verdict::pass);
}

TEST_F(WoodpeckerCi, WhatNoWorkflowSaysThePipelineSays) {
  page(1, json::array({pipeline(7, "blocked")}));
  put(pipeline(7, "blocked"), json::array());
  EXPECT_EQ(look().named(Verdict::pending), "push (waits for somebody: blocked)");
  json broken = pipeline(7, "error");
  broken["errors"] = json::array({{{"message", "line 3: did not find expected key"}}});
  put(broken, json::array());
  EXPECT_EQ(look().checks.at(0).log_tail, "line 3: did not find expected key\n");
  put(pipeline(7, "failure"), json::array({workflow("build", "success")}));
  EXPECT_EQ(look().failing(), std::vector<std::string>{"push"});
  json killed = pipeline(7, "killed");
  killed["cancel_info"] = {{"superseded_by", 9}};
  put(killed, json::array());
  EXPECT_EQ(look().named(Verdict::stopped), "push (killed by the newer pipeline 9)");
}

TEST_F(WoodpeckerCi, ASkippedDeployIsNoSuccessWhereItHasToSucceed) {
  config.expect = {"build", "deploy"};
  config.succeed = {"deploy"};
  page(1, json::array({pipeline(7, "success")}));
  put(pipeline(7, "success"),
      json::array({workflow("build", "success"), workflow("deploy", "skipped")}));
  EXPECT_EQ(look().verdict, Verdict::stopped);
  put(pipeline(7, "success"), json::array({workflow("build", "success")}));
  EXPECT_EQ(look().verdict, Verdict::pending) << "expected, and not there";
}

TEST_F(WoodpeckerCi, TheFailedStepShowsTheEndOfItsLog) {
  page(1, json::array({pipeline(7, "failure")}));
  put(pipeline(7, "failure"),
      json::array({workflow("build", "failure",
                            json::array({{{"id", 31}, {"name", "clone"}, {"state", "success"}},
                                         {{"id", 32}, {"name", "test"}, {"state", "failure"}}}))}));
  const std::string at = "/repos/42/logs/7/32";
  api.answer(at, R"([{"line":0,"data":"bWFrZSB0ZXN0"},{"line":1,"data":"ZXhwZWN0ZWQgMQ=="},
                     {"line":2,"data":null},{"line":3,"data":"!!"}])");
  EXPECT_EQ(look().checks.at(0).log_tail, "make test\nexpected 1\n\n\n");
  api.refuse(at, ErrorKind::not_found);
  EXPECT_EQ(look().verdict, Verdict::fail);
  EXPECT_NE(look().checks.at(0).log_tail.find("could not be read"), std::string::npos);
}

TEST_F(WoodpeckerCi, TheNumberIsLookedUpOnceAndAgainWhenItIsGone) {
  page(1, json::array());
  static_cast<void>(ask());
  static_cast<void>(ask());
  EXPECT_EQ(std::ranges::count(api.asked, "/repos/lookup/acme/shop"), 1);
  api.refuse("/repos/42/pipelines?page=1&perPage=50", ErrorKind::not_found);
  api.answer("/repos/lookup/acme/shop", R"({"id":43})");
  page(1, json::array(), 43);
  EXPECT_EQ(ask().value().verdict, Verdict::absent);
  api.refuse("/repos/lookup/acme/shop", ErrorKind::not_found);
  reader = make();
  const jobs::Error error = ask().error();
  EXPECT_EQ(error.kind, ErrorKind::not_found);
  EXPECT_NE(error.text().find("activate it"), std::string::npos) << error.text();
}

}  // namespace
}  // namespace runner::ci

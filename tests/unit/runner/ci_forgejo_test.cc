// Kind `forgejo`: commit statuses and Actions runs, in Forgejo's dialect and in Gitea's.
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

json status(std::int64_t id, const std::string& context, const std::string& state,
            const std::string& description = "", const std::string& target = "") {
  return {{"id", id},
          {"context", context},
          {"status", state},
          {"description", description},
          {"target_url", target},
          {"created_at", "2026-11-20T07:00:00Z"},
          {"updated_at", "2026-11-20T07:05:00Z"}};
}

json forgejo_run(std::int64_t id, const std::string& outcome, const std::string& sha = kOurs) {
  return {{"id", id},
          {"index_in_repo", id + 100},
          {"workflow_id", "ci.yml"},
          {"status", outcome},
          {"commit_sha", sha},
          {"need_approval", false},
          {"stopped", "2026-11-20T07:05:00Z"}};
}

json gitea_run(std::int64_t id, const std::string& state, const json& conclusion) {
  return {{"id", id},
          {"run_number", id + 100},
          {"path", "ci.yml@refs/heads/main"},
          {"status", state},
          {"conclusion", conclusion},
          {"head_sha", kOurs},
          {"completed_at", "2026-11-20T07:05:00Z"}};
}

class ForgejoCi : public testing::Test {
 protected:
  void commit(const std::string& sha, const json& statuses, const json& runs = json::array()) {
    const std::string at = "/repos/acme/shop/commits/" + sha + "/status?limit=50&page=";
    api.answer(at + "1", json{{"state", "pending"}, {"statuses", statuses}}.dump());
    api.answer(at + "2", json{{"state", ""}, {"statuses", nullptr}}.dump());
    const std::string runs_at = "/repos/acme/shop/actions/runs?head_sha=" + sha + "&limit=50&page=";
    api.answer(runs_at + "1", json{{"workflow_runs", runs}, {"total_count", runs.size()}}.dump());
    api.answer(runs_at + "2", json{{"workflow_runs", json::array()}}.dump());
  }
  jobs::Result<jobs::CiReport> ask() {
    return make_forgejo_reader({.config = config,
                                .api = api,
                                .clock = clock,
                                .place = [](const jobs::Repo& one) { return one.name.str(); }})
        ->observe(repo, jobs::Oid(kOurs));
  }
  jobs::CiReport look() { return ask().value(); }
  Verdict verdict(const json& statuses, const json& runs = json::array()) {
    commit(kOurs, statuses, runs);
    return look().verdict;
  }

  fakes::ScriptedApi api;
  test_support::StillClock clock;
  jobs::CiConfig config{.name = "codeberg", .kind = jobs::CiKind::forgejo};
  jobs::Repo repo{.name = jobs::RepoName("acme/shop")};
};

TEST_F(ForgejoCi, Statuses) {
  EXPECT_EQ(verdict(nullptr), Verdict::absent);
  EXPECT_EQ(verdict(json::array(
                {status(1, "a", "success"), status(2, "b", "warning"), status(3, "c", "skipped")})),
            Verdict::pass);
  EXPECT_EQ(verdict(json::array({status(1, "a", "success"), status(2, "b", "pending")})),
            Verdict::pending);
  EXPECT_EQ(verdict(json::array({status(1, "a", "a word of next year")})), Verdict::pending);
  for (const char* red : {"failure", "error"}) {
    EXPECT_EQ(verdict(json::array({status(1, "a", red, "no luck", "https://f/1")})), Verdict::fail);
    EXPECT_EQ(look().checks.at(0).log_tail, "no luck\nhttps://f/1\n");
  }
}

TEST_F(ForgejoCi, AllPagesOfStatusesAreRead) {
  json first = json::array();
  for (int i = 0; i < 30; ++i) {
    first.push_back(status(i + 1, fmt::format("c{:02}", i), "success"));
  }
  commit(kOurs, first);
  const std::string at = "/repos/acme/shop/commits/" + kOurs + "/status?limit=50&page=";
  // total_count of the combined status is that of the page.
  api.answer(at + "1", json{{"statuses", first}, {"total_count", 30}}.dump());
  api.answer(at + "2", json{{"statuses", {status(99, "z", "failure")}}, {"total_count", 1}}.dump());
  api.answer(at + "3", json{{"statuses", json::array()}, {"total_count", 0}}.dump());
  EXPECT_EQ(look().failing(), std::vector<std::string>{"z"});
}

const std::string kJob = "/acme/shop/actions/runs/107/jobs/0";

TEST_F(ForgejoCi, ACancelledRunIsNoRedThoughItsStatusSaysFailure) {
  const json red =
      json::array({status(1, "ci / test (push)", "failure", "Failing after 3s", kJob)});
  EXPECT_EQ(verdict(red, json::array({forgejo_run(7, "failure")})), Verdict::fail);
  EXPECT_EQ(verdict(red, json::array({forgejo_run(7, "cancelled")})), Verdict::stopped);
  EXPECT_EQ(verdict(red, json::array({gitea_run(7, "completed", "failure")})), Verdict::fail);
  EXPECT_EQ(verdict(red, json::array({gitea_run(7, "completed", "cancelled")})), Verdict::stopped);
  EXPECT_EQ(verdict(red, json::array({forgejo_run(8, "cancelled")})), Verdict::fail)
      << "another run's end";
  EXPECT_EQ(
      verdict(json::array({status(1, "ci / test (push)", "failure", "Has been cancelled", kJob)})),
      Verdict::stopped)
      << "also where runs cannot be asked";
}

TEST_F(ForgejoCi, ARunThatNeedsApprovalSaysSo) {
  json waits = forgejo_run(7, "blocked");
  waits["need_approval"] = true;
  EXPECT_EQ(verdict(json::array(), json::array({waits})), Verdict::pending);
  EXPECT_EQ(look().named(Verdict::pending), "ci.yml (waits for somebody: an approval)");
  EXPECT_EQ(verdict(json::array({status(1, "ci / test", "pending", "Waiting to run", kJob)}),
                    json::array({waits})),
            Verdict::pending);
  EXPECT_EQ(look().named(Verdict::pending), "ci / test (waits for somebody: an approval)");
}

TEST_F(ForgejoCi, ARunWithoutStatusesCountsByItself) {
  for (const auto& [outcome, means] :
       std::vector<std::pair<std::string, Verdict>>{{"success", Verdict::pass},
                                                    {"skipped", Verdict::pass},
                                                    {"failure", Verdict::fail},
                                                    {"cancelled", Verdict::stopped},
                                                    {"waiting", Verdict::pending},
                                                    {"running", Verdict::pending},
                                                    {"unknown", Verdict::pending},
                                                    {"", Verdict::pending}}) {
    EXPECT_EQ(verdict(json::array(), json::array({forgejo_run(7, outcome)})), means) << outcome;
  }
  EXPECT_EQ(verdict(json::array(), json::array({gitea_run(7, "completed", "success")})),
            Verdict::pass);
  EXPECT_EQ(verdict(json::array(), json::array({gitea_run(7, "in_progress", nullptr)})),
            Verdict::pending);
  EXPECT_EQ(verdict(json::array(), json::array({forgejo_run(7, "success", kHead)})),
            Verdict::absent)
      << "of another commit";
  EXPECT_EQ(
      verdict(json::array(), json::array({forgejo_run(7, "failure"), forgejo_run(8, "success")})),
      Verdict::pass)
      << "started again";
}

TEST_F(ForgejoCi, WithoutActionsTheStatusesAreThereAllTheSame) {
  commit(kOurs, json::array({status(1, "a", "success")}));
  const std::string runs = "/repos/acme/shop/actions/runs?head_sha=" + kOurs + "&limit=50&page=1";
  for (const ErrorKind kind : {ErrorKind::not_found, ErrorKind::denied}) {
    api.refuse(runs, kind);
    EXPECT_EQ(look().verdict, Verdict::pass);
  }
  api.refuse(runs, ErrorKind::transient);
  EXPECT_FALSE(ask());
  commit(kOurs, json::array({status(1, "a", "success")}));
  api.refuse("/repos/acme/shop/commits/" + kOurs + "/status?limit=50&page=1", ErrorKind::denied);
  EXPECT_EQ(ask().error().kind, ErrorKind::denied) << "never read as no statuses";
}

TEST_F(ForgejoCi, TheHeadThatContainsACancelledCommitDecides) {
  commit(kOurs, json::array(), json::array({forgejo_run(7, "cancelled")}));
  commit(kHead, json::array({status(1, "a", "success")}));
  const auto base = [&](const std::string& head, const json& compared) {
    api.answer("/repos/acme/shop/branches/main", json{{"commit", {{"id", head}}}}.dump());
    api.answer("/repos/acme/shop/compare/main..." + kOurs, compared.dump());
  };
  base(kHead, {{"total_commits", 0}, {"commits", json::array()}});
  EXPECT_EQ(look().verdict, Verdict::pass);
  base(kHead, {{"total_commits", 1}});
  EXPECT_EQ(look().verdict, Verdict::stopped) << "the head lacks it";
  base(kHead, {{"message", "what?"}});
  EXPECT_EQ(look().verdict, Verdict::stopped) << "not said is not contained";
  base(kOurs, {{"total_commits", 0}});
  EXPECT_EQ(look().verdict, Verdict::stopped) << "it is the head itself";
}

}  // namespace
}  // namespace runner::ci

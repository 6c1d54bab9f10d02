// Our queries, and what the forge double answers, held against GitHub's own GraphQL schema.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runner/trackers/github_parts.h"
#include "tests/stub/forge.h"
#include "tests/stub/git_backend.h"

namespace {

namespace github = runner::trackers::github;
using Json = nlohmann::json;

/// Pinned: npm may pick an old release of a name without a version.
constexpr const char* kPackages = "@octokit/graphql-schema@15.26.1 graphql@16.15.0";

std::string shell(const std::string& script) {
  const char* path = std::getenv("PATH");
  const char* home = std::getenv("HOME");
  return stub::output_of({"/bin/sh", "-c", script + " 2>&1; echo \"exit $?\""},
                         {std::string("PATH=") + (path == nullptr ? "" : path),
                          std::string("HOME=") + (home == nullptr ? "" : home)},
                         "");
}

class GithubSchema : public testing::Test {
 protected:
  /// Skips, with the reason, where the packages cannot be had.
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    std::filesystem::copy_file(
        std::string(RUNNER_SOURCE_DIR) + "/tests/integration/github_schema/check.mjs",
        folder_ + "/check.mjs", std::filesystem::copy_options::overwrite_existing);
    const std::string got = shell("cd " + folder_ +
                                  " && { test -d node_modules/graphql || npm install --no-save "
                                  "--no-audit --no-fund " +
                                  kPackages + "; }");
    if (!got.ends_with("exit 0\n")) {
      GTEST_SKIP() << "npm or its registry is not there: " << got;
    }
  }
  std::string check(const Json& cases) {
    std::ofstream(folder_ + "/cases.json") << cases.dump();
    return shell("cd " + folder_ + " && node check.mjs cases.json");
  }
  Json ask(const std::string& name, const std::string& body) {
    stub::Log log;
    stub::Request request;
    request.method = "POST";
    request.path = request.target = "/graphql";
    request.body = body;
    const Json sent = Json::parse(body);
    return {{"name", name},
            {"query", sent.at("query")},
            {"answer", Json::parse(forge_.answer(request, log).body)}};
  }

  /// Of this test alone: two run at the same time.
  std::string folder_ = std::filesystem::current_path().string() + "/github_schema." +
                        testing::UnitTest::GetInstance()->current_test_info()->name();
  stub::Forge forge_;
  jobs::Labels labels_;
  jobs::Repo repo_{.name = jobs::RepoName("acme/shop")};
};

TEST_F(GithubSchema, OurQueriesAndTheDoublesAnswersFit) {
  forge_.add_repo("acme/shop");
  forge_.add_issue("acme/shop", "alice", "one");
  forge_.label("acme/shop", 1, labels_.ready, "alice");
  forge_.edit_body("acme/shop", 1, "edited", "bob");
  forge_.edit_body("acme/shop", 1, "edited by somebody who is gone", "");
  forge_.edit_title("acme/shop", 1, "renamed", "bob");
  const github::Place place{.owner = "acme", .name = "shop"};
  const github::ListAsk first{.repo = &repo_, .place = place};
  const github::ListAsk next{
      .repo = &repo_, .place = place, .in_progress = false, .ready_after = "0"};
  const github::ListAsk busy{
      .repo = &repo_, .place = place, .ready = false, .in_progress_after = "0"};
  const github::Spot spot{place, 1};
  Json cases = Json::array();
  cases.push_back(ask("lists", github::list_query(std::vector{first, first}, labels_)));
  cases.push_back(ask("next page", github::list_query(std::vector{next}, labels_)));
  cases.push_back(ask("next page in progress", github::list_query(std::vector{busy}, labels_)));
  cases.push_back(ask("texts", github::text_query(std::vector{spot, spot})));
  cases.push_back(ask("who am I", R"({"query":"query{viewer{login}}"})"));
  EXPECT_EQ(check(cases), "exit 0\n");
}

TEST_F(GithubSchema, AFieldThatTheSchemaDoesNotHaveIsNoticed) {
  const Json answer = {{"data", {{"viewer", {{"login", "x"}, {"author_association", "OWNER"}}}}}};
  EXPECT_NE(
      check({{{"name", "more than asked"}, {"query", "query{viewer{login}}"}, {"answer", answer}}})
          .find("author_association: nobody asked for it"),
      std::string::npos);
  EXPECT_NE(check({{{"name", "unknown"},
                    {"query", "query{viewer{author_association}}"},
                    {"answer", answer}}})
                .find("Cannot query field"),
            std::string::npos);
  const Json wrong_type = {{"data", {{"viewer", {{"login", 7}}}}}};
  EXPECT_NE(
      check({{{"name", "wrong type"}, {"query", "query{viewer{login}}"}, {"answer", wrong_type}}})
          .find("is no String"),
      std::string::npos);
}

}  // namespace

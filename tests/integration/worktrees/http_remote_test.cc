// A remote behind a web server: answers that are lost, and hosts that are not ours.
#include <memory>
#include <string>
#include <vector>

#include <git2.h>
#include <gtest/gtest.h>

#include "runner/http/git_web.h"
#include "tests/integration/worktrees/git_playground.h"
#include "tests/stub/stub.h"
#include "worktrees/git_error.h"

namespace worktrees::test {
namespace {

constexpr const char* kSecret = "s3cr3t";

/// Asked through libgit2 alone, and by protocol 2 over our own HTTP client.
class HttpRemote : public Playground, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    Playground::SetUp();
    options.web = GetParam() ? &web : nullptr;
    server = std::make_unique<stub::Stub>(
        stub::Stub::Options{.git_root = top, .git_user = "runner", .git_password = kSecret});
    repo.remote = server->url("/git/remote.git");
    options.credentials = [this](const jobs::Repo&, const std::string& url) {
      asked.push_back(url);
      return std::optional(Credential{"runner", kSecret});
    };
    make_workspace();
  }
  void TearDown() override {
    workspace.reset();
    server.reset();
    Playground::TearDown();
  }

  /// A run with one verified commit.
  jobs::Run worked() {
    jobs::Run run = make_run();
    prepare(run);
    commit_in(run.worktree, {{"cart.txt", "a cart\n"}});
    verify(run);
    return run;
  }

  runner::http::GitWeb web;
  std::unique_ptr<stub::Stub> server;
  std::vector<std::string> asked;
};

INSTANTIATE_TEST_SUITE_P(Over, HttpRemote, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "Web" : "Libgit2"; });

TEST_P(HttpRemote, APushIsLandedOnlyOnce) {
  const jobs::Run run = worked();
  const auto result = land(run);
  EXPECT_EQ(result.kind, jobs::LandResult::Kind::landed) << result.message;
  EXPECT_EQ(land(run).commit, result.commit) << "again, it is found";
  EXPECT_EQ(server->log.effects("pushed").size(), 1U);
}

TEST_P(HttpRemote, APushIsFoundThoughItsAnswerSaysForbidden) {
  const jobs::Run run = worked();
  server->faults.add({.method = "POST",
                      .path = "*/git-receive-pack",
                      .fault = {.kind = stub::FaultKind::forbidden, .when = stub::When::after}});
  const auto result = land(run);
  EXPECT_EQ(result.kind, jobs::LandResult::Kind::landed) << result.message;
  EXPECT_EQ(result.commit.str(), remote_head());
}

TEST_P(HttpRemote, APushThatWasForbiddenIsNotFound) {
  const jobs::Run run = worked();
  server->faults.add({.method = "POST",
                      .path = "*/git-receive-pack",
                      .fault = {.kind = stub::FaultKind::forbidden, .when = stub::When::before}});
  const auto result = workspace->land(repo, {.run = run, .at = kNow});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, jobs::ErrorKind::denied);
}

TEST_P(HttpRemote, Invariant12_ACredentialGoesToNoOtherHost) {
  const stub::Stub elsewhere(
      {.git_root = "/nonexistent", .git_user = "runner", .git_password = "x"});
  const stub::Fault away = {.kind = stub::FaultKind::redirect,
                            .location = elsewhere.url("/", "localhost")};
  jobs::Run run = worked();
  server->faults.add({.path = "*git-receive-pack*", .times = 0, .fault = away});
  EXPECT_FALSE(workspace->land(repo, {.run = run, .at = kNow}).has_value());
  server->faults.add({.path = "*", .times = 0, .fault = away});
  EXPECT_FALSE(workspace->remote_base(repo).has_value());
  EXPECT_FALSE(workspace->prepare(repo, make_run(13, "r02")).has_value());
  EXPECT_EQ(elsewhere.log.count("", "*"), 0) << "not even visited";
  EXPECT_FALSE(elsewhere.log.holds(kSecret));
}

TEST(RemoteFailure, NumbersInANameAreNoAnswerOfTheServer) {
  git_libgit2_init();
  git_error_set_str(GIT_ERROR_NET, "failed to resolve address for git401.example.org: no network");
  EXPECT_EQ(remote_failure(-1, "cannot fetch").kind, jobs::ErrorKind::transient);
  git_error_set_str(GIT_ERROR_HTTP, "unexpected http status code: 403");
  EXPECT_EQ(remote_failure(-1, "cannot fetch").kind, jobs::ErrorKind::denied);
  git_libgit2_shutdown();
}

}  // namespace
}  // namespace worktrees::test

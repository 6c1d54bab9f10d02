// A run over each way to a remote, with the servers that people use, and what can go wrong with
// them.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/worktrees/served_remote.h"

namespace worktrees::test {
namespace {

using jobs::ErrorKind;
using ::testing::HasSubstr;
using Kind = jobs::LandResult::Kind;

class ServedLoop : public ServedRemote, public ::testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    Playground::SetUp();
    serve(GetParam());
  }
  [[nodiscard]] bool on_path() const { return GetParam() == Way::path; }
};

INSTANTIATE_TEST_SUITE_P(By, ServedLoop,
                         ::testing::Values(Way::path, Way::http, Way::http_libgit2, Way::ssh),
                         [](const auto& one) { return name_of(one.param); });

TEST_P(ServedLoop, ARunIsPreparedAndLandsOnceAndTheNextFollows) {
  const jobs::Run run = worked();
  const auto result = land(run);
  EXPECT_EQ(result.kind, Kind::landed) << result.message;
  EXPECT_EQ(remote_head(), result.commit.str());
  EXPECT_EQ(land(run).commit, result.commit) << "again, it is found";
  EXPECT_EQ(git({"rev-list", "--count", "main"}, remote), "3");
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  pull_seed();
  const std::string moved = commit_seed({{"src/b.txt", "more\n"}}, "by somebody else");
  EXPECT_EQ(workspace->remote_base(repo).value().str(), moved);
  jobs::Run next = make_run(13, "r13");
  EXPECT_EQ(prepare(next).base.str(), moved);
  EXPECT_EQ(status(next.worktree), "");
  expect_whole_mirror();
}

TEST_P(ServedLoop, AServerWithoutTheBaseBranchNamesThoseItHas) {
  repo.base = "mian";
  for (const jobs::Error& error : {base_error(), prepare_error()}) {
    EXPECT_EQ(error.kind, ErrorKind::not_found) << error.text();
    EXPECT_THAT(error.text(), HasSubstr("has no branch 'mian'; it has: main"));
    EXPECT_THAT(error.text(), HasSubstr("did you mean 'main'?"));
  }
  git({"init", "-q", "--bare", top + "/empty.git"}, top);
  repo.remote = prefix + "empty.git";
  EXPECT_EQ(base_error().kind, ErrorKind::not_found) << base_error().text();
  EXPECT_THAT(base_error().text(), HasSubstr("push a first commit to mian"));
}

TEST_P(ServedLoop, ARemoteThatIsNotThereSaysSo) {
  repo.remote = prefix + "gone.git";
  for (const jobs::Error& error : {base_error(), prepare_error()}) {
    EXPECT_NE(error.kind, ErrorKind::bug) << error.text();
    EXPECT_THAT(error.text(), HasSubstr("gone.git"));
    EXPECT_THAT(error.hint, HasSubstr("check that the remote exists")) << error.text();
  }
}

TEST_P(ServedLoop, APushThatAHookRefusesIsRejectedInItsWords) {
  const jobs::Run run = worked();
  const std::string before = remote_head();
  hook("pre-receive", "echo 'no pushes on Fridays'; exit 1\n");
  const auto result = land(run);
  EXPECT_EQ(result.kind, Kind::rejected);
  EXPECT_EQ(result.rule, "server") << result.message;
  if (!on_path()) {  // where no hook is run: the refusal names it
    EXPECT_THAT(result.message, HasSubstr("pre-receive hook declined"));
    EXPECT_THAT(result.message, HasSubstr("no pushes on Fridays"));
  } else {
    EXPECT_THAT(result.message, HasSubstr("pre-receive"));
  }
  EXPECT_EQ(remote_head(), before);
  expect_whole_mirror();
  fs::remove(remote + "/hooks/pre-receive");
  EXPECT_EQ(land(run).kind, Kind::landed) << "nothing of the refusal is left";
}

TEST_P(ServedLoop, AProtectedBranchIsRejectedAndAnUnprotectedOneIsNot) {
  git({"config", "receive.denyNonFastForwards", "true"}, remote);
  git({"config", "receive.denyDeletes", "true"}, remote);
  EXPECT_EQ(land(worked(11)).kind, Kind::landed) << "a landing only adds";
  const jobs::Run run = worked(12);
  const std::string before = remote_head();
  hook("update", "[ \"$1\" != refs/heads/main ] || { echo \"$1 is protected\" >&2; exit 1; }\n");
  const auto result = land(run);
  EXPECT_EQ(result.kind, Kind::rejected);
  EXPECT_EQ(result.rule, "server") << result.message;
  if (!on_path()) {
    EXPECT_THAT(result.message, HasSubstr("refs/heads/main is protected"));
  }
  EXPECT_EQ(remote_head(), before);
  expect_whole_mirror();
}

TEST_P(ServedLoop, ALostRaceIsTriedAgainAndNothingOfOthersIsReplaced) {
  if (on_path()) {
    GTEST_SKIP() << "no hook of a path is run; its races are WorkspaceLoop's";
  }
  const jobs::Run run = worked();
  // Whoever pushes is overtaken, each time.
  hook("pre-receive",
       "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n"
       "export GIT_AUTHOR_NAME=eve GIT_AUTHOR_EMAIL=e@e GIT_COMMITTER_NAME=eve "
       "GIT_COMMITTER_EMAIL=e@e\n"
       "old=$(git rev-parse refs/heads/main)\n"
       "new=$(git commit-tree -p $old -m overtaken \"$old^{tree}\")\n"
       "git update-ref refs/heads/main $new $old\n");
  for (int tries = 1; tries <= 3; ++tries) {
    const jobs::Error error = land_error(run);
    EXPECT_EQ(error.kind, ErrorKind::transient) << error.text();
    EXPECT_THAT(error.text(), HasSubstr("lost a race"));
    EXPECT_THAT(error.text(), HasSubstr("fetch, merge and verify again"));
    EXPECT_EQ(git({"rev-list", "--count", "--author=eve", "main"}, remote), std::to_string(tries));
  }
  expect_whole_mirror();
  fs::remove(remote + "/hooks/pre-receive");
  EXPECT_EQ(land(run).kind, Kind::landed);
  EXPECT_EQ(git({"rev-list", "--count", "--author=eve", "main"}, remote), "3");
}

TEST_P(ServedLoop, AConnectionThatBreaksWhileFetchingLeavesNothing) {
  if (on_path()) {
    GTEST_SKIP() << "a path has no connection";
  }
  std::string noise;  // That does not compress, so that the pack is long.
  for (unsigned n = 1; noise.size() < 60'000; n = n * 1664525U + 1013904223U) {
    noise += static_cast<char>(n >> 24U);
  }
  commit_seed({{"noise.bin", noise}}, "large");
  proxy->cut_answers_after(CuttingProxy::kNever);
  ASSERT_TRUE(workspace->prepare(repo, make_run()).has_value());
  const std::size_t all = proxy->answers();
  ASSERT_GT(all, noise.size());
  for (const std::size_t part : {std::size_t{0}, all / 100, all / 8, all / 2, all - all / 10}) {
    fs::remove_all(options.root);
    make_workspace();
    proxy->cut_answers_after(part);
    const jobs::Error error = prepare_error();
    EXPECT_EQ(error.kind, ErrorKind::transient) << part << " of " << all << ": " << error.text();
    EXPECT_FALSE(error.hint.empty()) << error.text();
    if (fs::exists(options.root + "/mirrors")) {
      expect_whole_mirror();
      EXPECT_EQ(git({"for-each-ref"}, mirror()), "") << part << " of " << all;
    }
  }
  proxy->cut_answers_after(CuttingProxy::kNever);
  jobs::Run run = make_run();
  EXPECT_EQ(prepare(run).base.str(), remote_head());
  expect_whole_mirror();
}

TEST_P(ServedLoop, AConnectionThatBreaksWhilePushingLandsOnceOrNotAtAll) {
  if (on_path()) {
    GTEST_SKIP() << "a path has no connection";
  }
  proxy->cut_requests_after(CuttingProxy::kNever);
  proxy->cut_answers_after(CuttingProxy::kNever);
  EXPECT_EQ(land(worked(11)).kind, Kind::landed);
  const std::size_t sent = proxy->requests();
  const std::size_t heard = proxy->answers();
  int issue = 11;
  for (const bool answers : {false, true}) {
    const std::size_t all = answers ? heard : sent;
    for (const std::size_t part : {all / 2, all - 30}) {
      const jobs::Run run = worked(++issue);
      const std::string before = remote_head();
      if (answers) {
        proxy->cut_answers_after(part);
      } else {
        proxy->cut_requests_after(part);
      }
      const auto result = workspace->land(repo, {.run = run, .at = kNow});
      if (!result) {
        EXPECT_EQ(result.error().kind, ErrorKind::transient) << result.error().text();
      }
      proxy->cut_answers_after(CuttingProxy::kNever);
      proxy->cut_requests_after(CuttingProxy::kNever);
      EXPECT_EQ(land(run).kind, Kind::landed);
      EXPECT_EQ(git({"rev-list", "--count", before + "..main"}, remote), "2")
          << "the work and its merge, once";
      expect_whole_mirror();
      ASSERT_TRUE(workspace->release(repo, run).has_value());
    }
  }
}

}  // namespace
}  // namespace worktrees::test

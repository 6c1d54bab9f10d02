// Landing by pull request: what is pushed, and how the worktree goes on from what was merged.
#include <gmock/gmock.h>

#include "tests/integration/worktrees/git_playground.h"

namespace worktrees::test {
namespace {

using jobs::LandResult;
using jobs::Oid;
using ::testing::HasSubstr;

class Propose : public Playground {
 protected:
  static constexpr const char* kBranch = "runner/12-add-a-cart-0001";

  jobs::Run worked(const std::map<std::string, std::string>& files = {{"cart.txt", "cart\n"}}) {
    jobs::Run run = make_run();
    commit_in(prepare(run).path, files);
    verify(run);
    return run;
  }
  LandResult ask(const jobs::Run& run, const Oid& merged = {}) {
    auto result =
        workspace->land(repo, {.run = run, .at = kNow, .propose = kBranch, .merged = merged});
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().text());
    return result ? *result : LandResult{};
  }
  /// What a forge's button does: a merge commit, a squashed commit.
  std::string merge_by_hand(bool squash) {
    git({"fetch", "-q", "origin"}, seed);
    git({"reset", "-q", "--hard", "origin/main"}, seed);
    git({"merge", "-q", squash ? "--squash" : "--no-ff", std::string("origin/") + kBranch}, seed);
    if (squash) {
      git({"commit", "-q", "-m", "squashed (#7)"}, seed);
    }
    git({"push", "-q", "origin", "HEAD:refs/heads/main"}, seed);
    return git({"rev-parse", "HEAD"}, seed);
  }
};

TEST_F(Propose, PushesTheVerifiedHeadAndLeavesTheBase) {
  const std::string base = remote_head();
  const jobs::Run run = worked();
  for (int again = 0; again < 2; ++again) {
    const LandResult result = ask(run);
    EXPECT_EQ(result.kind, LandResult::Kind::proposed) << result.message;
    EXPECT_EQ(result.head, run.head);
    EXPECT_EQ(remote_head(kBranch), run.head.str());
    EXPECT_EQ(remote_head(), base);
  }
}

TEST_F(Propose, Invariant10_UnverifiedWorkIsNotProposed) {
  jobs::Run run = worked();
  commit_in(run.worktree, {{"more.txt", "unseen\n"}});
  const LandResult result = ask(run);
  EXPECT_EQ(result.kind, LandResult::Kind::rejected);
  EXPECT_EQ(result.rule, "unverified");
  EXPECT_THAT(git({"branch", "--list", kBranch}, remote), ::testing::IsEmpty());
}

TEST_F(Propose, ACorrectionGoesToTheSameBranch) {
  jobs::Run run = worked();
  ASSERT_EQ(ask(run).kind, LandResult::Kind::proposed);
  commit_in(run.worktree, {{"cart.txt", "better\n"}});
  verify(run);
  EXPECT_EQ(ask(run).kind, LandResult::Kind::proposed);
  EXPECT_EQ(remote_head(kBranch), run.head.str());
}

TEST_F(Propose, WhatSomebodyElsePushedStays) {
  jobs::Run run = worked();
  ASSERT_EQ(ask(run).kind, LandResult::Kind::proposed);
  git({"fetch", "-q", "origin"}, seed);
  git({"checkout", "-q", "-B", "theirs", std::string("origin/") + kBranch}, seed);
  const std::string theirs = commit_seed({{"cart.txt", "theirs\n"}}, "by hand", kBranch);
  commit_in(run.worktree, {{"cart.txt", "ours\n"}});
  verify(run);
  const LandResult result = ask(run);
  EXPECT_EQ(result.kind, LandResult::Kind::rejected);
  EXPECT_EQ(result.rule, "foreign-commit");
  EXPECT_THAT(result.message, HasSubstr(kBranch));
  EXPECT_EQ(remote_head(kBranch), theirs);
}

TEST_F(Propose, AMovedBaseIsMergedAndVerifiedFirst) {
  jobs::Run run = worked();
  commit_seed({{"other.txt", "other\n"}}, "other");
  const LandResult merged = ask(run);
  ASSERT_EQ(merged.kind, LandResult::Kind::needs_verify);
  run.base = merged.base;
  verify(run);
  EXPECT_EQ(ask(run).kind, LandResult::Kind::proposed);
  EXPECT_EQ(remote_head(kBranch), run.head.str());
  git({"merge-base", "--is-ancestor", "main", kBranch}, remote);
}

class ProposeMerged : public Propose, public testing::WithParamInterface<bool> {};

TEST_P(ProposeMerged, TheRunGoesOnFromWhatTheBaseHas) {
  jobs::Run run = worked();
  ASSERT_EQ(ask(run).kind, LandResult::Kind::proposed);
  git({"reset", "-q", "--hard", "origin/main"}, seed);
  commit_seed({{"other.txt", "meanwhile\n"}}, "other");
  const std::string merge = merge_by_hand(GetParam());
  write(run.worktree + "/notes.txt", "not committed\n");
  const LandResult result = ask(run, Oid(merge));
  ASSERT_EQ(result.kind, LandResult::Kind::landed) << result.message;
  EXPECT_EQ(result.commit.str(), merge);
  EXPECT_EQ(ask(run, Oid(merge)).kind, LandResult::Kind::landed) << "and once more, after a death";
  EXPECT_EQ(git({"rev-parse", "HEAD"}, run.worktree), merge);
  EXPECT_EQ(read(run.worktree + "/other.txt"), "meanwhile\n");
  EXPECT_EQ(read(run.worktree + "/cart.txt"), "cart\n");
  EXPECT_THAT(status(run.worktree), HasSubstr("notes.txt"));
  // And a fix of it is an ordinary piece of work.
  run.base = result.commit;
  run.landings = 1;
  git({"clean", "-fdq"}, run.worktree);
  commit_in(run.worktree, {{"cart.txt", "fixed\n"}});
  verify(run);
  auto fix =
      workspace->land(repo, {.run = run, .at = kNow, .propose = std::string(kBranch) + "-2"});
  ASSERT_TRUE(fix.has_value()) << fix.error().text();
  EXPECT_EQ(fix->kind, LandResult::Kind::proposed) << fix->message;
}

INSTANTIATE_TEST_SUITE_P(How, ProposeMerged, testing::Bool(), [](const auto& how) {
  return std::string(how.param ? "Squashed" : "Merged");
});

TEST_F(Propose, AMergeThatTheBaseDoesNotShowYetIsWaitedFor) {
  jobs::Run run = worked();
  ASSERT_EQ(ask(run).kind, LandResult::Kind::proposed);
  auto result = workspace->land(
      repo, {.run = run, .at = kNow, .propose = kBranch, .merged = Oid(std::string(40, 'a'))});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, jobs::ErrorKind::transient);
}

}  // namespace
}  // namespace worktrees::test

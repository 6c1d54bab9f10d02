// The path of a run that goes well: prepare, work, observe, land, release.
#include <gmock/gmock.h>

#include "tests/integration/worktrees/git_playground.h"

namespace worktrees::test {
namespace {

using jobs::LandResult;
using ::testing::HasSubstr;

class Loop : public Playground {};

TEST_F(Loop, PrepareMakesACleanWorktreeOnTheRunsBranch) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  EXPECT_EQ(prepared.base.str(), remote_head());
  EXPECT_FALSE(prepared.recycled);
  EXPECT_EQ(status(prepared.path), "");
  EXPECT_EQ(git({"rev-parse", "--abbrev-ref", "HEAD"}, prepared.path), run.branch);
  EXPECT_EQ(git({"rev-parse", "HEAD"}, prepared.path), remote_head());
  EXPECT_EQ(read(prepared.path + "/src/a.txt"), "one\ntwo\nthree\n");
  git({"fsck", "--strict"}, prepared.path);
  const auto facts = workspace->observe(repo, run);
  ASSERT_TRUE(facts.has_value());
  EXPECT_TRUE(facts->exists);
  EXPECT_EQ(facts->problem, "");
  EXPECT_EQ(facts->commits, 0);
  EXPECT_FALSE(facts->dirty);
}

TEST_F(Loop, PrepareTwiceIsTheSameWorktreeUntouched) {
  jobs::Run run = make_run();
  const auto first = prepare(run);
  write(first.path + "/notes.txt", "mine\n");
  commit_seed({{"other.txt", "x\n"}}, "base moves");
  const auto second = prepare(run);
  EXPECT_EQ(second.path, first.path);
  EXPECT_EQ(second.base, first.base);
  EXPECT_EQ(read(first.path + "/notes.txt"), "mine\n");
}

TEST_F(Loop, ObserveCountsCommitsAndSeesDirt) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const std::string head = commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  write(prepared.path + "/loose.txt", "x\n");
  const auto facts = workspace->observe(repo, run);
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->problem, "");
  EXPECT_TRUE(facts->exists);
  EXPECT_EQ(facts->head.str(), head);
  EXPECT_EQ(facts->head_tree.str(), git({"rev-parse", "HEAD^{tree}"}, prepared.path));
  EXPECT_EQ(facts->commits, 1);
  EXPECT_TRUE(facts->base_is_ancestor);
  EXPECT_TRUE(facts->dirty);
}

TEST_F(Loop, LandPushesAMergeWithTheVerifiedTree) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const std::string head = commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  verify(run);
  const LandResult result = land(run);
  ASSERT_EQ(result.kind, LandResult::Kind::landed) << result.rule << " " << result.message;
  EXPECT_EQ(remote_head(), result.commit.str());
  EXPECT_EQ(git({"rev-parse", "main^1", "main^2", "main^{tree}"}, remote),
            prepared.base.str() + "\n" + head + "\n" + run.verified_tree.str());
  const std::string message = git({"log", "-1", "--format=%B%an <%ae> %ct", "main"}, remote);
  EXPECT_THAT(message, HasSubstr("Merge runner/12-add-a-cart: Add a cart\n\nCloses #12\n"));
  EXPECT_THAT(message, HasSubstr("runner <runner@localhost> 1795000000"));
  EXPECT_EQ(git({"log", "-1", "--format=%(trailers:key=Runner-Run,valueonly)", "main"}, remote),
            "r01");
  EXPECT_EQ(git({"fsck", "--strict"}, remote), "");
}

TEST_F(Loop, LandAgainFindsItLanded) {
  jobs::Run run = make_run();
  commit_in(prepare(run).path, {{"cart.txt", "cart\n"}});
  verify(run);
  const LandResult first = land(run);
  ASSERT_EQ(first.kind, LandResult::Kind::landed);
  EXPECT_EQ(land(run).commit, first.commit);
  pull_seed();
  commit_seed({{"later.txt", "x\n"}}, "others go on");
  const LandResult later = land(run);
  EXPECT_EQ(later.kind, LandResult::Kind::landed);
  EXPECT_EQ(later.commit, first.commit);
}

TEST_F(Loop, MovedBaseIsMergedIntoTheBranchAndVerifiedAgain) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  verify(run);
  const std::string moved = commit_seed({{"other.txt", "x\n"}}, "base moves");
  const LandResult again = land(run);
  ASSERT_EQ(again.kind, LandResult::Kind::needs_verify) << again.message;
  EXPECT_EQ(again.base.str(), moved);
  EXPECT_EQ(remote_head(), moved);
  EXPECT_EQ(status(prepared.path), "");
  EXPECT_EQ(read(prepared.path + "/other.txt"), "x\n");
  EXPECT_EQ(git({"rev-parse", "HEAD"}, prepared.path), again.head.str());
  run.base = again.base;
  verify(run);
  EXPECT_EQ(run.head, again.head);
  const LandResult result = land(run);
  ASSERT_EQ(result.kind, LandResult::Kind::landed) << result.rule << " " << result.message;
  EXPECT_EQ(remote_head(), result.commit.str());
}

TEST_F(Loop, ConflictNamesTheFilesAndLeavesTheWorktreeAlone) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const std::string head = commit_in(prepared.path, {{"src/a.txt", "one\nours\nthree\n"}});
  verify(run);
  const std::string moved = commit_seed({{"src/a.txt", "one\ntheirs\nthree\n"}}, "base moves");
  const LandResult result = land(run);
  ASSERT_EQ(result.kind, LandResult::Kind::conflict);
  EXPECT_EQ(result.files, std::vector<std::string>{"src/a.txt"});
  EXPECT_EQ(remote_head(), moved);
  EXPECT_EQ(git({"rev-parse", "HEAD"}, prepared.path), head);
  EXPECT_EQ(status(prepared.path), "");
  // The agent can resolve it with what it has.
  git({"merge", "origin/main"}, prepared.path, 1);
  write(prepared.path + "/src/a.txt", "one\nboth\nthree\n");
  git({"commit", "-q", "-am", "merge"}, prepared.path);
  verify(run);
  EXPECT_EQ(land(run).kind, LandResult::Kind::landed);
}

TEST_F(Loop, CorrectiveCommitsOnALandedBranchLandWithoutAnotherVerify) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  verify(run);
  ASSERT_EQ(land(run).kind, LandResult::Kind::landed);
  commit_in(prepared.path, {{"cart.txt", "better\n"}}, "fix");
  verify(run);
  const LandResult second = land(run);
  ASSERT_EQ(second.kind, LandResult::Kind::landed) << second.message;
  EXPECT_EQ(git({"show", "main:cart.txt"}, remote), "better");
  EXPECT_EQ(remote_head(), second.commit.str());
}

TEST_F(Loop, ReleasedWorktreeIsRecycledWithItsIgnoredFiles) {
  jobs::Run run = make_run();
  const auto first = prepare(run);
  commit_in(first.path, {{"cart.txt", "cart\n"}});
  write(first.path + "/build/cache.bin", "warm\n");
  write(first.path + "/junk.txt", "junk\n");
  write(first.path + "/src/a.txt", "changed\n");
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run next = make_run(13, "r02");
  const auto second = prepare(next);
  EXPECT_TRUE(second.recycled);
  EXPECT_EQ(second.path, first.path);
  EXPECT_EQ(status(second.path), "");
  EXPECT_EQ(read(second.path + "/build/cache.bin"), "warm\n");
  EXPECT_FALSE(fs::exists(second.path + "/junk.txt"));
  EXPECT_FALSE(fs::exists(second.path + "/cart.txt"));
  EXPECT_EQ(read(second.path + "/src/a.txt"), "one\ntwo\nthree\n");
}

TEST_F(Loop, CommitTreeIsCleanDetachedAndIdempotent) {
  const auto tree = workspace->commit_tree(repo, jobs::Oid(remote_head()));
  ASSERT_TRUE(tree.has_value()) << tree.error().text();
  EXPECT_EQ(status(*tree), "");
  EXPECT_EQ(git({"rev-parse", "HEAD"}, *tree), remote_head());
  EXPECT_EQ(read(*tree + "/README.md"), "hello\n");
  EXPECT_EQ(workspace->commit_tree(repo, jobs::Oid(remote_head())).value(), *tree);
  ASSERT_TRUE(workspace->drop_commit_tree(repo, jobs::Oid(remote_head())).has_value());
  EXPECT_FALSE(fs::exists(*tree));
  EXPECT_TRUE(workspace->drop_commit_tree(repo, jobs::Oid(remote_head())).has_value());
}

}  // namespace
}  // namespace worktrees::test

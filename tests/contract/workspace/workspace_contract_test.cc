// What every workspace must do: the same cases against the fake and against real git.
#include "tests/contract/workspace/workspace_fixture.h"

namespace contract {
namespace {

using jobs::ErrorKind;
using jobs::LandResult;
using jobs::Oid;
using ::testing::HasSubstr;

TEST_P(Workspace, NothingIsThereBeforePrepare) {
  const auto facts = observe(make_run());
  EXPECT_FALSE(facts.exists);
  EXPECT_EQ(facts.problem, "");
  EXPECT_TRUE(facts.head.empty());
}

TEST_P(Workspace, RemoteBaseIsTheHeadOfTheBaseBranch) {
  EXPECT_EQ(world_->reader().remote_base(repo_).value(), world_->remote_head());
  const Oid moved = world_->commit_on_remote({{"a.txt", "a\n"}});
  EXPECT_EQ(world_->reader().remote_base(repo_).value(), moved);
}

TEST_P(Workspace, UnknownBaseBranchIsNotFoundAndSaysWhichThereAre) {
  repo_.base = "mian";
  for (const auto& error : {world_->reader().remote_base(repo_).error(),
                            world_->writer().prepare(repo_, make_run()).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::not_found);
    EXPECT_THAT(error.message, HasSubstr("no branch 'mian'; it has: main"));
    EXPECT_EQ(error.hint, "did you mean 'main'?");
  }
}

TEST_P(Workspace, EmptyRemoteIsNotFound) {
  const jobs::Repo empty = world_->empty_repo();
  for (const auto& error : {world_->reader().remote_base(empty).error(),
                            world_->writer().prepare(empty, make_run()).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::not_found);
    EXPECT_THAT(error.message, HasSubstr("remote has no branches"));
  }
}

TEST_P(Workspace, GoneRemoteIsTransient) {
  const jobs::Repo gone = world_->gone_repo();
  EXPECT_EQ(world_->reader().remote_base(gone).error().kind, ErrorKind::transient);
  EXPECT_EQ(world_->writer().prepare(gone, make_run()).error().kind, ErrorKind::transient);
  EXPECT_EQ(world_->writer().land(gone, {.run = make_run()}).error().kind, ErrorKind::transient);
}

TEST_P(Workspace, PrepareGivesACleanWorktreeAtTheBase) {
  const jobs::Run run = prepared();
  EXPECT_EQ(run.base, world_->remote_head());
  const auto facts = observe(run);
  EXPECT_TRUE(facts.exists);
  EXPECT_EQ(facts.problem, "");
  EXPECT_EQ(facts.head, run.base);
  EXPECT_EQ(facts.commits, 0);
  EXPECT_TRUE(facts.base_is_ancestor);
  EXPECT_FALSE(facts.dirty);
}

TEST_P(Workspace, PrepareAgainKeepsEverything) {
  const jobs::Run run = prepared();
  const Oid head = world_->commit(run, {{"cart.txt", "cart\n"}});
  world_->commit_on_remote({{"a.txt", "a\n"}});
  const auto again = world_->writer().prepare(repo_, run);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->path, run.worktree);
  EXPECT_EQ(again->base, run.base);
  EXPECT_EQ(observe(run).head, head);
}

TEST_P(Workspace, Invariant11_ABranchThatIsNotTheRunnersIsRefused) {
  for (const std::string branch : {"main", "", "runner/../main", "runner/a b",
                                   "runner/x:refs/heads/main", "refs/heads/main"}) {
    jobs::Run run = make_run();
    run.branch = branch;
    const auto result = world_->writer().prepare(repo_, run);
    ASSERT_FALSE(result.has_value()) << branch;
    EXPECT_EQ(result.error().kind, ErrorKind::usage) << branch;
  }
}

TEST_P(Workspace, CommitsAndDirtAreSeen) {
  const jobs::Run run = prepared();
  world_->commit(run, {{"cart.txt", "1\n"}});
  const Oid head = world_->commit(run, {{"cart.txt", "2\n"}});
  world_->make_dirty(run);
  const auto facts = observe(run);
  EXPECT_EQ(facts.head, head);
  EXPECT_EQ(facts.commits, 2);
  EXPECT_TRUE(facts.dirty);
}

TEST_P(Workspace, DeletedFolderIsAProblemAndTheCommitsAreStillKnown) {
  const jobs::Run run = prepared();
  const Oid head = world_->commit(run, {{"cart.txt", "cart\n"}});
  world_->delete_folder(run);
  const auto facts = observe(run);
  EXPECT_FALSE(facts.exists);
  EXPECT_THAT(facts.problem, HasSubstr("gone"));
  EXPECT_EQ(facts.head, head);
  EXPECT_EQ(facts.commits, 1);
  ASSERT_TRUE(world_->writer().prepare(repo_, run).has_value());
  EXPECT_TRUE(observe(run).exists);
  EXPECT_EQ(observe(run).head, head);
}

TEST_P(Workspace, LandPushesOnceAndFindsItselfLandedAfterwards) {
  jobs::Run run = prepared();
  const Oid head = world_->commit(run, {{"cart.txt", "cart\n"}});
  verify(run);
  const LandResult first = land(run);
  ASSERT_EQ(first.kind, LandResult::Kind::landed) << first.message;
  EXPECT_EQ(world_->remote_head(), first.commit);
  EXPECT_TRUE(world_->remote_contains(head));
  EXPECT_EQ(land(run).commit, first.commit);
  world_->commit_on_remote({{"a.txt", "a\n"}});
  const LandResult later = land(run);
  EXPECT_EQ(later.kind, LandResult::Kind::landed);
  EXPECT_EQ(later.commit, first.commit);
}

TEST_P(Workspace, Invariant10_WhoLostTheLeaseDoesNotPush) {
  jobs::Run run = prepared();
  world_->commit(run, {{"cart.txt", "cart\n"}});
  verify(run);
  const Oid before = world_->remote_head();
  jobs::LandRequest request = landing_of(run);
  request.still_ours = [] { return jobs::fail(ErrorKind::conflict, "the lease is lost"); };
  const auto refused = world_->writer().land(repo_, request);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text(), HasSubstr("the lease is lost"));
  EXPECT_EQ(world_->remote_head(), before);
  int asked = 0;
  request.still_ours = [&]() -> jobs::Status {
    ++asked;
    return jobs::ok();
  };
  EXPECT_EQ(world_->writer().land(repo_, request).value().kind, LandResult::Kind::landed);
  EXPECT_EQ(asked, 1);
}

TEST_P(Workspace, MovedBaseIsMergedThenVerifiedThenLanded) {
  jobs::Run run = prepared();
  world_->commit(run, {{"cart.txt", "cart\n"}});
  verify(run);
  const Oid moved = world_->commit_on_remote({{"a.txt", "a\n"}});
  const LandResult merged = land(run);
  ASSERT_EQ(merged.kind, LandResult::Kind::needs_verify) << merged.message;
  EXPECT_EQ(merged.base, moved);
  EXPECT_EQ(world_->remote_head(), moved);
  EXPECT_EQ(observe(run).head, merged.head);
  run.base = merged.base;
  verify(run);
  const LandResult result = land(run);
  ASSERT_EQ(result.kind, LandResult::Kind::landed) << result.message;
  EXPECT_EQ(world_->remote_head(), result.commit);
}

TEST_P(Workspace, ACrashAfterTheMergeOnlyMergesAgain) {
  jobs::Run run = prepared();
  world_->commit(run, {{"cart.txt", "cart\n"}});
  verify(run);
  world_->commit_on_remote({{"a.txt", "a\n"}});
  const LandResult first = land(run);
  ASSERT_EQ(first.kind, LandResult::Kind::needs_verify);
  const LandResult second = land(run);  // The store never heard of the first.
  ASSERT_EQ(second.kind, LandResult::Kind::needs_verify) << second.rule << second.message;
  EXPECT_EQ(second.head, first.head);
}

TEST_P(Workspace, ConflictNamesTheFiles) {
  jobs::Run run = prepared();
  const Oid head = world_->commit(run, {{"README.md", "ours\n"}, {"fine.txt", "x\n"}});
  verify(run);
  const Oid moved = world_->commit_on_remote({{"README.md", "theirs\n"}});
  const LandResult result = land(run);
  EXPECT_EQ(result.kind, LandResult::Kind::conflict);
  EXPECT_EQ(result.files, std::vector<std::string>{"README.md"});
  EXPECT_EQ(world_->remote_head(), moved);
  EXPECT_EQ(observe(run).head, head);
}

TEST_P(Workspace, Invariant10_UnverifiedWorkIsNotPushed) {
  jobs::Run run = prepared();
  const Oid base = world_->remote_head();
  world_->commit(run, {{"cart.txt", "cart\n"}});
  EXPECT_EQ(land(run).rule, "unverified");
  verify(run);
  world_->commit(run, {{"cart.txt", "sneaked in\n"}});
  EXPECT_EQ(land(run).rule, "unverified");
  run.head = observe(run).head;
  EXPECT_EQ(land(run).rule, "unverified");
  EXPECT_EQ(world_->remote_head(), base);
}

TEST_P(Workspace, Invariant10_AProtectedPathIsNotPushed) {
  repo_.protected_paths = {".ci/**"};
  jobs::Run run = prepared();
  const Oid base = world_->remote_head();
  world_->commit(run, {{".ci/run", "rm\n"}});
  verify(run);
  const LandResult result = land(run);
  EXPECT_EQ(result.kind, LandResult::Kind::rejected);
  EXPECT_EQ(result.rule, "protected-path");
  EXPECT_THAT(result.message, HasSubstr(".ci/run"));
  EXPECT_EQ(world_->remote_head(), base);
}

TEST_P(Workspace, ACiSkipTokenIsRefused) {
  jobs::Run run = prepared();
  world_->commit(run, {{"cart.txt", "cart\n"}}, "work [skip ci]");
  verify(run);
  EXPECT_EQ(land(run).rule, "ci-skip-token");
}

TEST_P(Workspace, ABranchWithoutCommitsIsRefused) {
  jobs::Run run = prepared();
  verify(run);
  EXPECT_EQ(land(run).rule, "foreign-commit");
}

TEST_P(Workspace, Invariant10_ARewrittenRemoteIsNotForced) {
  jobs::Run run = prepared();
  world_->commit(run, {{"cart.txt", "cart\n"}});
  verify(run);
  world_->rewrite_remote();
  const Oid rewritten = world_->remote_head();
  const LandResult result = land(run);
  EXPECT_EQ(result.kind, LandResult::Kind::rejected);
  EXPECT_EQ(result.rule, "rewritten-base");
  EXPECT_EQ(world_->remote_head(), rewritten);
}

TEST_P(Workspace, CommitTreeForCi) {
  jobs::Run run = prepared();
  const auto path = world_->writer().commit_tree(repo_, run.base);
  ASSERT_TRUE(path.has_value());
  EXPECT_TRUE(path->starts_with('/'));
  EXPECT_EQ(world_->writer().commit_tree(repo_, run.base).value(), *path);
  EXPECT_TRUE(world_->writer().drop_commit_tree(repo_, run.base).has_value());
  EXPECT_TRUE(world_->writer().drop_commit_tree(repo_, run.base).has_value());
  const auto unknown = world_->writer().commit_tree(repo_, Oid(std::string(40, 'a')));
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().kind, ErrorKind::not_found);
}

TEST_P(Workspace, FileAtReadsACommit) {
  const jobs::Run run = prepared();
  const Oid head =
      world_->commit(run, {{"docs/a.md", "text\n"}, {"big.txt", std::string((1U << 20) + 1, 'x')}});
  EXPECT_EQ(world_->reader().file_at(repo_, head, "docs/a.md").value(), "text\n");
  EXPECT_EQ(world_->reader().file_at(repo_, run.base, "docs/a.md").value(), std::nullopt);
  EXPECT_EQ(world_->reader().file_at(repo_, head, "docs").value(), std::nullopt);
  EXPECT_EQ(world_->reader().file_at(repo_, head, "../docs/a.md").value(), std::nullopt);
  EXPECT_EQ(world_->reader().file_at(repo_, head, "big.txt").value(), std::nullopt);
  EXPECT_EQ(world_->reader().file_at(repo_, Oid(std::string(40, 'a')), "x").error().kind,
            ErrorKind::not_found);
}

TEST_P(Workspace, DiskFreeIsKnown) {
  EXPECT_GT(world_->reader().disk_free().value(), 0);
}

INSTANTIATE_TEST_SUITE_P(All, Workspace, kWorkspaces, name_of);

}  // namespace
}  // namespace contract

// What every workspace must do: the same cases against the fake and against real git.
#include <gmock/gmock.h>

#include "tests/contract/workspace/workspace_world.h"

namespace contract {
namespace {

using jobs::ErrorKind;
using jobs::LandResult;
using jobs::Oid;
using ::testing::HasSubstr;

class Workspace : public ::testing::TestWithParam<WorldMaker> {
 protected:
  void SetUp() override {
    world_ = GetParam().make();
    repo_ = world_->repo();
  }

  [[nodiscard]] jobs::Run make_run(const std::string& id = "r01", int issue = 12) const {
    jobs::Run run;
    run.id = jobs::RunId(id);
    run.issue = {repo_.name, issue};
    run.title = "Add a cart";
    run.branch = "runner/" + std::to_string(issue) + "-add-a-cart";
    return run;
  }

  jobs::Run prepared(const std::string& id = "r01", int issue = 12) {
    jobs::Run run = make_run(id, issue);
    const auto made = world_->writer().prepare(repo_, run);
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().text());
    if (made) {
      run.base = made->base;
      run.worktree = made->path;
    }
    return run;
  }

  jobs::WorktreeFacts observe(const jobs::Run& run) {
    const auto facts = world_->reader().observe(repo_, run);
    EXPECT_TRUE(facts.has_value()) << (facts ? "" : facts.error().text());
    return facts ? *facts : jobs::WorktreeFacts{};
  }

  void verify(jobs::Run& run) {
    const auto facts = observe(run);
    run.head = facts.head;
    run.verified_tree = facts.head_tree;
    run.verified_base = run.base;
  }

  LandResult land(const jobs::Run& run) {
    const auto result = world_->writer().land(
        repo_, {.run = run, .at = jobs::TimePoint(std::chrono::seconds(1'795'000'000))});
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().text());
    return result ? *result : LandResult{};
  }

  std::unique_ptr<WorkspaceWorld> world_;
  jobs::Repo repo_;
};

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

TEST_P(Workspace, RescueKeepsNothingWhereThereIsNothing) {
  EXPECT_TRUE(world_->writer().rescue(repo_, make_run()).value().empty());
  const jobs::Run run = prepared();
  EXPECT_TRUE(world_->writer().rescue(repo_, run).value().empty());
}

TEST_P(Workspace, Invariant14_RescueKeepsCommitsAndDirt) {
  const jobs::Run run = prepared();
  const Oid head = world_->commit(run, {{"cart.txt", "cart\n"}});
  EXPECT_EQ(world_->writer().rescue(repo_, run).value(), head);
  world_->make_dirty(run);
  const Oid dirty = world_->writer().rescue(repo_, run).value();
  EXPECT_NE(dirty, head);
  EXPECT_EQ(world_->writer().rescue(repo_, run).value(), dirty);
  EXPECT_EQ(world_->reader().file_at(repo_, dirty, "loose.txt").value(), "loose\n");
  EXPECT_EQ(world_->reader().file_at(repo_, dirty, "cart.txt").value(), "cart\n");
  EXPECT_TRUE(observe(run).dirty);
}

TEST_P(Workspace, Invariant14_ReleaseRescuesFirst) {
  const jobs::Run run = prepared();
  const Oid head = world_->commit(run, {{"cart.txt", "cart\n"}});
  ASSERT_TRUE(world_->writer().release(repo_, run).has_value());
  EXPECT_FALSE(observe(run).exists);
  EXPECT_EQ(world_->writer().rescue(repo_, run).value(), head);
  EXPECT_EQ(world_->reader().file_at(repo_, head, "cart.txt").value(), "cart\n");
}

TEST_P(Workspace, ReleasedWorktreeIsUsedAgain) {
  jobs::Run run = prepared();
  world_->commit(run, {{"cart.txt", "cart\n"}});
  world_->make_dirty(run);
  ASSERT_TRUE(world_->writer().release(repo_, run).has_value());
  ASSERT_TRUE(world_->writer().release(repo_, run).has_value());
  const jobs::Run next = make_run("r02", 13);
  const auto again = world_->writer().prepare(repo_, next);
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->recycled);
  EXPECT_EQ(again->path, run.worktree);
  EXPECT_FALSE(observe(next).dirty);
  EXPECT_EQ(observe(next).head, again->base);
}

TEST_P(Workspace, ReleaseWithoutAWorktreeIsDone) {
  EXPECT_TRUE(world_->writer().release(repo_, make_run()).has_value());
}

TEST_P(Workspace, Invariant14_ASecondRunOfTheIssueKeepsTheFirstOnesWork) {
  const jobs::Run first = prepared("r01", 12);
  const Oid head = world_->commit(first, {{"cart.txt", "first\n"}});
  const jobs::Run second = prepared("r02", 12);
  EXPECT_NE(second.worktree, first.worktree);
  EXPECT_EQ(observe(second).head, second.base);
  EXPECT_EQ(world_->writer().rescue(repo_, first).value(), head);
}

TEST_P(Workspace, ListNamesTheRunsAndTheIdle) {
  EXPECT_TRUE(world_->reader().list().value().empty());
  const jobs::Run run = prepared();
  auto entries = world_->reader().list().value();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].repo, repo_.name);
  EXPECT_EQ(entries[0].path, run.worktree);
  EXPECT_EQ(entries[0].run, "r01");
  EXPECT_EQ(entries[0].branch, run.branch);
  EXPECT_GT(entries[0].bytes, 0);
  ASSERT_TRUE(world_->writer().release(repo_, run).has_value());
  entries = world_->reader().list().value();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].run, "");
}

TEST_P(Workspace, Invariant14_AnOrphanIsRescuedThenRemoved) {
  const jobs::Run run = prepared();
  const Oid head = world_->commit(run, {{"cart.txt", "cart\n"}});
  jobs::WorktreeEntry entry = world_->reader().list().value().at(0);
  entry.run = "somebody-else";
  EXPECT_EQ(world_->writer().remove_orphan(entry).error().kind, ErrorKind::conflict);
  entry.run = "r01";
  ASSERT_TRUE(world_->writer().remove_orphan(entry).has_value());
  ASSERT_TRUE(world_->writer().remove_orphan(entry).has_value());
  EXPECT_TRUE(world_->reader().list().value().empty());
  EXPECT_EQ(world_->writer().rescue(repo_, run).value(), head);
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

INSTANTIATE_TEST_SUITE_P(All, Workspace,
                         ::testing::Values(WorldMaker{"Fake", make_fake_world},
                                           WorldMaker{"Git", make_git_world}),
                         [](const auto& maker) { return maker.param.name; });

}  // namespace
}  // namespace contract

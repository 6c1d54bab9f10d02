// Nothing an agent made is lost when its worktree goes: the same cases against the fake and against
// real git.
#include "tests/contract/workspace/workspace_fixture.h"

namespace contract {
namespace {

using jobs::ErrorKind;
using jobs::Oid;

class KeptWork : public Workspace {};

TEST_P(KeptWork, RescueKeepsNothingWhereThereIsNothing) {
  EXPECT_TRUE(world_->writer().rescue(repo_, make_run()).value().empty());
  const jobs::Run run = prepared();
  EXPECT_TRUE(world_->writer().rescue(repo_, run).value().empty());
}

TEST_P(KeptWork, Invariant14_RescueKeepsCommitsAndDirt) {
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

TEST_P(KeptWork, Invariant14_ReleaseRescuesFirst) {
  const jobs::Run run = prepared();
  const Oid head = world_->commit(run, {{"cart.txt", "cart\n"}});
  ASSERT_TRUE(world_->writer().release(repo_, run).has_value());
  EXPECT_FALSE(observe(run).exists);
  EXPECT_EQ(world_->writer().rescue(repo_, run).value(), head);
  EXPECT_EQ(world_->reader().file_at(repo_, head, "cart.txt").value(), "cart\n");
}

TEST_P(KeptWork, ReleasedWorktreeIsUsedAgain) {
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

TEST_P(KeptWork, ReleaseWithoutAWorktreeIsDone) {
  EXPECT_TRUE(world_->writer().release(repo_, make_run()).has_value());
}

TEST_P(KeptWork, Invariant14_ASecondRunOfTheIssueKeepsTheFirstOnesWork) {
  const jobs::Run first = prepared("r01", 12);
  const Oid head = world_->commit(first, {{"cart.txt", "first\n"}});
  const jobs::Run second = prepared("r02", 12);
  EXPECT_NE(second.worktree, first.worktree);
  EXPECT_EQ(observe(second).head, second.base);
  EXPECT_EQ(world_->writer().rescue(repo_, first).value(), head);
}

TEST_P(KeptWork, Invariant14_ReleasingTheFirstRunLeavesTheSecondOnesBranch) {
  const jobs::Run first = prepared("r01", 12);
  const Oid earlier = world_->commit(first, {{"cart.txt", "first\n"}});
  const jobs::Run second = prepared("r02", 12);
  const Oid later = world_->commit(second, {{"cart.txt", "second\n"}});
  ASSERT_TRUE(world_->writer().release(repo_, first).has_value());
  EXPECT_EQ(observe(second).head, later);
  EXPECT_EQ(world_->writer().rescue(repo_, second).value(), later);
  EXPECT_EQ(world_->writer().rescue(repo_, first).value(), earlier);
}

TEST_P(KeptWork, ListNamesTheRunsAndTheIdle) {
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

TEST_P(KeptWork, Invariant14_AnOrphanIsRescuedThenRemoved) {
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

INSTANTIATE_TEST_SUITE_P(All, KeptWork, kWorkspaces, name_of);

}  // namespace
}  // namespace contract

// What is kept for the next run, what is set up, and the room for it.
#include <sys/statvfs.h>

#include <gmock/gmock.h>

#include "tests/integration/worktrees/git_playground.h"
#include "tests/integration/worktrees/made_pack.h"
#include "worktrees/safe_fs.h"

namespace worktrees::test {
namespace {

using jobs::ErrorKind;
using ::testing::HasSubstr;

/// Worktrees of several runs at once, given back one after the other with that many bytes in them.
class Pool : public Playground {
 protected:
  void give_back(const std::vector<std::size_t>& sizes) {
    make_workspace();
    std::vector<jobs::Run> runs;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      runs.push_back(make_run(31 + static_cast<int>(i), "rp" + std::to_string(i)));
      paths.push_back(prepare(runs.back()).path);
      write(paths.back() + "/build/made", std::string(sizes[i], 'x'));
    }
    for (const jobs::Run& run : runs) {
      ASSERT_TRUE(workspace->release(repo, run).has_value());
    }
  }
  /// Why no further worktree is made.
  jobs::Error no_room() {
    make_workspace();
    const auto prepared = workspace->prepare(repo, make_run(61, "rs"));
    EXPECT_FALSE(prepared.has_value());
    const jobs::Error error = prepared ? jobs::Error{} : prepared.error();
    EXPECT_EQ(error.kind, ErrorKind::transient);
    return error;
  }
  [[nodiscard]] std::vector<bool> kept() const {
    std::vector<bool> there;
    for (const std::string& path : paths) {
      there.push_back(fs::exists(path));
    }
    return there;
  }
  std::vector<std::string> paths;
};

TEST_F(Pool, SetupRunsOncePerLockFileContent) {
  commit_seed({{"deps.lock", "1\n"}}, "lock");
  repo.setup = {{"sh", "-c", "echo run >> build-log; mkdir -p build"}, {"true"}};
  repo.setup_locks = {"deps.lock", "absent.lock"};
  jobs::Run run = make_run();
  EXPECT_EQ(prepare(run).setup_log.size(), 2U);
  EXPECT_EQ(prepare(run).setup_log.size(), 0U);
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run second = make_run(13, "r02");
  EXPECT_EQ(prepare(second).setup_log.size(), 0U);
  ASSERT_TRUE(workspace->release(repo, second).has_value());
  commit_seed({{"deps.lock", "2\n"}}, "new lock");
  jobs::Run third = make_run(14, "r03");
  EXPECT_EQ(prepare(third).setup_log.size(), 2U);
  EXPECT_EQ(commands.ran.size(), 4U);
}

TEST_F(Pool, SetupRunsAgainForAnotherToolchainAndSaysHowLongItTook) {
  repo.setup = {{"true"}};
  repo.setup_toolchain = "node 20";
  jobs::Run run = make_run();
  EXPECT_THAT(prepare(run).setup_log, ::testing::ElementsAre("true (1.5 s)"));
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  repo.setup_toolchain = "node 22";
  jobs::Run second = make_run(13, "r02");
  EXPECT_EQ(prepare(second).setup_log.size(), 1U);
}

TEST_F(Pool, SetupRunsAgainWhereWhatItMadeWasCold) {
  repo.setup = {{"sh", "-c", "mkdir -p build && touch build/made"}};
  repo.cold = {"build"};
  jobs::Run run = make_run();
  prepare(run);
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run second = make_run(13, "r02");
  const auto prepared = prepare(second);
  EXPECT_TRUE(prepared.recycled);
  EXPECT_EQ(prepared.setup_log.size(), 1U);
  EXPECT_TRUE(fs::exists(prepared.path + "/build/made"));
}

TEST_F(Pool, SetupRunsAgainInAWorktreeThatWasLost) {
  repo.setup = {{"sh", "-c", "mkdir -p build && touch build/made"}};
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  fs::remove_all(ours(prepared.path));
  EXPECT_EQ(workspace->prepare(repo, run)->setup_log.size(), 1U);
  EXPECT_TRUE(fs::exists(prepared.path + "/build/made"));
}

TEST_F(Pool, FailingSetupIsTransientAndRunsAgain) {
  repo.setup = {{"sh", "-c", "echo no such package; exit 3"}};
  const jobs::Run run = make_run();
  const auto failed = workspace->prepare(repo, run);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().kind, ErrorKind::transient);
  EXPECT_THAT(failed.error().message, HasSubstr("exited 3: no such package"));
  repo.setup = {{"true"}};
  EXPECT_EQ(workspace->prepare(repo, run).value().setup_log.size(), 1U);
}

TEST_F(Pool, TooLittleSpaceIsTransientWithBothNumbers) {
  options.limits.disk_free_bytes = 1LL << 60;
  const jobs::Error error = no_room();
  EXPECT_THAT(error.message, HasSubstr("bytes free"));
  EXPECT_THAT(error.message, HasSubstr("1152921504606846976 needed"));
}

TEST_F(Pool, TooFewInodesAreTransientToo) {
  options.limits.disk_free_inodes = 1LL << 60;
  EXPECT_THAT(no_room().message, HasSubstr("not enough inodes"));
}

TEST_F(Pool, TheFilesOfACommitAreCountedBeforeAnythingIsWritten) {
  struct statvfs before{};
  ASSERT_EQ(::statvfs(top.c_str(), &before), 0);
  if (before.f_files == 0) {
    GTEST_SKIP() << "this file system does not count inodes";
  }
  constexpr int kFiles = 40'000;
  MadePack pack;
  const std::string file = pack.add(MadePack::Type::blob, "x\n");
  std::string entries;
  for (int i = 0; i < kFiles; ++i) {
    entries += MadePack::entry("100644", fmt::format("{:05}", i), file);
  }
  const std::string tree = pack.add(MadePack::Type::tree, entries);
  pack.write(remote + "/objects/pack");
  git({"update-ref", "refs/heads/main", git({"commit-tree", "-m", "many", tree}, remote)}, remote);
  // Others work on this file system, too, but not on so many files at once.
  options.limits.disk_free_inodes = static_cast<std::int64_t>(before.f_favail) - kFiles / 2;
  const jobs::Error error = no_room();
  EXPECT_THAT(error.message, HasSubstr("not enough inodes for a worktree"));
  EXPECT_THAT(error.message, HasSubstr("40000 for its files"));
  EXPECT_TRUE(fs::is_empty(workspace->list().value().front().path)) << "nothing was written";
  options.limits.disk_free_inodes = 1;
  make_workspace();
  EXPECT_TRUE(workspace->prepare(repo, make_run(61, "rs")).has_value());
}

TEST_F(Pool, ATreeForCiIsAskedForRoomToo) {
  options.limits.disk_free_bytes = 1LL << 60;
  make_workspace();
  const auto tree = workspace->commit_tree(repo, jobs::Oid(remote_head()));
  ASSERT_FALSE(tree.has_value());
  EXPECT_EQ(tree.error().kind, ErrorKind::transient);
  EXPECT_THAT(tree.error().text(), HasSubstr("not enough disk space for a tree for CI"));
  options.limits.disk_free_bytes = 1;
  make_workspace();
  EXPECT_TRUE(workspace->commit_tree(repo, jobs::Oid(remote_head())).has_value());
}

TEST_F(Pool, WhereSpaceIsShortIdleWorktreesAreNamed) {
  const jobs::Run run = make_run();
  ASSERT_TRUE(workspace->prepare(repo, run).has_value());
  write(workspace->prepare(repo, run)->path + "/build/large", std::string(54321, 'x'));
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  options.limits.disk_free_bytes = 1LL << 60;
  repo.name = jobs::RepoName("acme/other");
  EXPECT_THAT(no_room().hint, HasSubstr("`runner worktrees prune` gives back 5"));
}

TEST_F(Pool, TheOneUsedLongestAgoGoes) {
  options.retention.pool_size = 2;
  give_back({1, 1, 1});
  EXPECT_EQ(kept(), (std::vector<bool>{false, true, true}));
  jobs::Run next = make_run(41, "rn");
  EXPECT_EQ(prepare(next).path, paths[2]) << "the one used last is the warmest";
}

TEST_F(Pool, BytesAreBoundedToo) {
  options.retention.pool_size = 9;
  options.retention.pool_bytes = 250'000;
  give_back({100'000, 100'000, 100'000});
  EXPECT_EQ(kept(), (std::vector<bool>{false, true, true}));
}

TEST_F(Pool, OneThatIsTooLargeAloneIsNotKept) {
  options.retention.pool_size = 9;
  options.retention.pool_bytes = 250'000;
  give_back({100'000, 300'000});
  EXPECT_EQ(kept(), (std::vector<bool>{true, false}));
}

TEST_F(Pool, AWorktreeIsNotHandedOnBetweenLevelsOfTrust) {
  repo.trusted = {"ada"};
  options.retention.pool_size = 9;
  make_workspace();
  const auto used_by = [&](const std::string& who, int issue) {
    jobs::Run run = make_run(issue, fmt::format("rt{}", issue));
    run.requested_by = who;
    const jobs::Prepared prepared = prepare(run);
    EXPECT_TRUE(workspace->release(repo, run).has_value());
    return prepared;
  };
  const std::string by_name = used_by("ada", 51).path;
  const jobs::Prepared by_permission = used_by("grace", 52);
  EXPECT_NE(by_permission.path, by_name);
  EXPECT_FALSE(by_permission.recycled);
  EXPECT_EQ(used_by("hedy", 53).path, by_permission.path) << "the same level";
  EXPECT_EQ(used_by("ada", 54).path, by_name) << "its own is still there";
  repo.trusted.clear();
  EXPECT_EQ(used_by("ada", 55).path, by_permission.path) << "what counts is why she is trusted now";
}

TEST_F(Pool, OneThatIsIdleSinceBeforeTrustWasKeptIsNotHandedOn) {
  jobs::Run run = make_run();
  const std::string path = prepare(run).path;
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  const std::string record = path + ".record";
  std::string text = read(record);
  text.erase(text.find("trust "), text.find("ready ") - text.find("trust "));
  write(record, text);
  jobs::Run next = make_run(13, "r02");
  EXPECT_NE(prepare(next).path, path);
}

TEST_F(Pool, OneWithMoreBesideItsCommitThanMayBeIsNotUsedAgain) {
  options.retention.pool_size = 9;
  options.retention.ignored_bytes = 250'000;
  give_back({300'000, 100'000});
  EXPECT_EQ(kept(), (std::vector<bool>{false, true}));
  // A bound that was lowered since.
  options.retention.ignored_bytes = 50'000;
  make_workspace();
  jobs::Run next = make_run(41, "rn");
  EXPECT_NE(prepare(next).path, paths[1]);
}

TEST_F(Pool, TheFilesOfTheCommitAreNotCountedAsIgnored) {
  commit_seed({{"large.bin", std::string(400'000, 'x')}}, "large");
  options.retention.ignored_bytes = 250'000;
  give_back({100'000});
  EXPECT_EQ(kept(), (std::vector<bool>{true}));
}

TEST_F(Pool, PoolKeepsAsManyAsItMay) {
  for (const int size : {0, 1}) {
    options.retention.pool_size = size;
    make_workspace();
    jobs::Run a = make_run(21, "ra" + std::to_string(size));
    jobs::Run b = make_run(22, "rb" + std::to_string(size));
    prepare(a);
    prepare(b);
    ASSERT_TRUE(workspace->release(repo, a).has_value());
    ASSERT_TRUE(workspace->release(repo, b).has_value());
    EXPECT_EQ(workspace->list().value().size(), static_cast<std::size_t>(size));
    // Moved there at once, deleted when there is time.
    EXPECT_EQ(names_in(options.root + "/trash").size(), 2U - static_cast<std::size_t>(size));
    ASSERT_TRUE(workspace->empty_trash(std::chrono::minutes(1)).has_value());
    EXPECT_TRUE(fs::is_empty(options.root + "/trash"));
  }
}

}  // namespace
}  // namespace worktrees::test

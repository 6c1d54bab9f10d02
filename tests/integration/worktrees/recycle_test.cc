// Worktrees of the pool after somebody worked in them: what the next run gets is what git would
// write anew, but for the ignored files that stay.
#include <fcntl.h>
#include <sys/stat.h>

#include <thread>

#include "tests/integration/worktrees/recycling.h"
#include "tests/integration/worktrees/vandal.h"

namespace worktrees::test {
namespace {

class RandomVandals : public Recycle, public ::testing::WithParamInterface<unsigned> {};

TEST_P(RandomVandals, LeaveNothingBehind) {
  const std::string outside = top + "/outside";
  fs::create_directories(outside);
  Gardener(GetParam()).grow(seed + "/odd", 3);
  commit_seed({}, "next");
  next_run();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  jobs::Prepared prepared = recycle();
  for (unsigned round = 0; round < 3; ++round) {
    write(prepared.path + "/build/cache", "warm\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Vandal(GetParam() * 10 + round, outside).visit(prepared.path);
    fs::remove_all(prepared.path + "/build");
    write(prepared.path + "/build/cache", "warm\n");
    if (round > 0) {  // the base moves, a little or to something else altogether
      Gardener(GetParam() + 1000 * round).grow(seed + (round == 1 ? "/odd" : "/odd/more"), 2);
      commit_seed({}, "next");
    }
    const auto before = print_of(outside);
    prepared = recycle();
    expect_as_new(prepared.path);
    EXPECT_EQ(read(prepared.path + "/build/cache"), "warm\n");
    // Links count no content: what was written through one would stand in `outside`.
    EXPECT_EQ(print_of(outside), before);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomVandals, ::testing::Range(1U, 13U));

TEST_F(Recycle, AChangeIsSeenThoughSizeAndTimeAreAsBefore) {
  const std::string folder = settled();
  struct stat before{};
  ASSERT_EQ(::stat((folder + "/README.md").c_str(), &before), 0);
  write(folder + "/README.md", "HELLO\n");
  const timespec times[] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder + "/README.md").c_str(), times, 0), 0);
  expect_as_new(recycle().path);
}

TEST_F(Recycle, WhatIsKnownOfASlotMayBeMissingDamagedOrOld) {
  const std::string folder = settled();
  const std::string first = read(known_files());
  ASSERT_FALSE(first.empty());
  int round = 0;
  for (const std::string& known :
       {std::string(), std::string("nonsense"), first.substr(0, first.size() / 2), first}) {
    commit_seed({{"src/a.txt", fmt::format("round {}\n", round++)}}, "next");
    write(folder + "/README.md", "changed\n");
    release();
    write(known_files(), known);
    if (known.empty()) {
      fs::remove(known_files());
    }
    expect_as_new(next_run().path);
  }
}

TEST_F(Recycle, TheFolderItselfGetsItsPermissionsBack) {
  const std::string folder = next_run().path;
  const fs::perms before = fs::status(folder).permissions();
  fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
  recycle();
  EXPECT_EQ(fs::status(folder).permissions(), before);
}

TEST_F(Recycle, PathsThatDifferInCaseAloneAreToldWhereTheyAreNew) {
  EXPECT_EQ(next_run().remark, "");
  commit_seed({{"src/Readme", "1\n"}, {"src/readme", "2\n"}}, "twins");
  const jobs::Prepared first = recycle();
  EXPECT_EQ(first.remark, "paths that differ in letter case alone: src/Readme and src/readme");
  expect_as_new(first.path);
  EXPECT_EQ(recycle().remark, "") << "it was said when they came";
}

TEST_F(Recycle, AFileThatIsRightAlreadyKeepsItsTime) {
  const std::string folder = next_run().path;
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(10);
  write(folder + "/src/a.txt", "landed\n");
  write(folder + "/new/file.txt", "landed too\n");
  fs::last_write_time(folder + "/src/a.txt", old);
  fs::last_write_time(folder + "/new/file.txt", old);
  commit_seed({{"src/a.txt", "landed\n"}, {"new/file.txt", "landed too\n"}}, "the same");
  expect_as_new(recycle().path);
  EXPECT_EQ(fs::last_write_time(folder + "/src/a.txt"), old);
  EXPECT_EQ(fs::last_write_time(folder + "/new/file.txt"), old);
}

TEST_F(Recycle, OnlyTheRulesOfTheTreeSayWhatIsIgnored) {
  const std::string folder = next_run().path;
  write(folder + "/src/.gitignore", "*\n");
  write(folder + "/src/secret.txt", "x");
  write(folder + "/tools/.gitignore", "*\n");
  write(folder + "/tools/tool", "x");
  write(folder + "/tools/build/object", "warm");
  write(folder + "/clone/.git/HEAD", "x");
  write(folder + "/clone/build/object", "x");
  write(folder + "/build/deep/.gitignore", "!*\n");
  write(folder + "/build/deep/object", "warm");
  recycle();
  EXPECT_EQ(status(folder), "");
  EXPECT_FALSE(fs::exists(folder + "/src/secret.txt"));
  EXPECT_FALSE(fs::exists(folder + "/src/.gitignore"));
  EXPECT_FALSE(fs::exists(folder + "/tools/tool"));
  EXPECT_FALSE(fs::exists(folder + "/clone"));
  EXPECT_EQ(read(folder + "/tools/build/object"), "warm");
  EXPECT_EQ(read(folder + "/build/deep/object"), "warm");
}

TEST_F(Recycle, WhatIsColdGoesThoughItIsIgnored) {
  repo.cold = {"build/**/*.tmp", "build/reports", "notes.txt"};
  const std::string folder = next_run().path;
  for (const char* const path : {"build/a.tmp", "build/deep/b.tmp", "build/reports/1.html",
                                 "build/cache/object", "build/deep/object"}) {
    write(folder + "/" + path, "x");
  }
  recycle();
  EXPECT_FALSE(fs::exists(folder + "/build/deep/b.tmp"));
  EXPECT_FALSE(fs::exists(folder + "/build/reports"));
  EXPECT_TRUE(fs::exists(folder + "/build/cache/object"));
  EXPECT_TRUE(fs::exists(folder + "/build/deep/object"));
}

TEST_F(Recycle, OtherAttributesWriteTheSameBlobsAnew) {
  commit_seed({{".gitattributes", "*.txt text eol=crlf\n"}}, "crlf");
  const std::string folder = settled();
  EXPECT_EQ(read(folder + "/src/a.txt"), "one\r\ntwo\r\nthree\r\n");
  commit_seed({{".gitattributes", "*.txt text eol=lf\n"}}, "lf");
  recycle();
  EXPECT_EQ(read(folder + "/src/a.txt"), "one\ntwo\nthree\n");
  fs::remove(seed + "/.gitattributes");
  commit_seed({{"src/.gitattributes", "a.txt eol=crlf\n"}}, "crlf again");
  recycle();
  EXPECT_EQ(read(folder + "/src/a.txt"), "one\r\ntwo\r\nthree\r\n");
  EXPECT_EQ(status(folder), "");
}

TEST_F(Recycle, ASubmoduleIsAnEmptyFolderAgain) {
  push_submodule("vendor/library");
  const std::string folder = next_run().path;
  write(folder + "/vendor/library/.git", "gitdir: /\n");
  write(folder + "/vendor/library/code", "x");
  recycle();
  EXPECT_TRUE(fs::is_empty(folder + "/vendor/library"));
  EXPECT_EQ(status(folder), "");
}

TEST_F(Recycle, WhatTheCommitHasNoMoreGoesEvenIfItIsIgnoredNow) {
  commit_seed({{"gen/config", "1\n"}, {"gen/deep/other", "2\n"}}, "by mistake");
  const std::string folder = next_run().path;
  fs::remove_all(seed + "/gen");
  commit_seed({{".gitignore", "build/\ngen/\n"}}, "ignored");
  recycle();
  EXPECT_FALSE(fs::exists(folder + "/gen"));
}

TEST_F(Recycle, ALandingThatMergesKeepsWhatItsRunMadeBeside) {
  commit_seed({{"old/base.txt", "b\n"}, {"local.conf", "tracked\n"}}, "more");
  const std::string folder = next_run().path;
  git({"rm", "-q", "--cached", "local.conf"}, folder);
  commit_in(folder, {{".gitignore", "build/\nlocal.conf\n"}, {"cart.txt", "cart\n"}});
  verify(run_);
  write(folder + "/notes", "untracked\n");
  fs::remove_all(seed + "/old");
  commit_seed({{"elsewhere.txt", "e\n"}}, "the base moves");
  EXPECT_EQ(land(run_).kind, jobs::LandResult::Kind::needs_verify);
  EXPECT_EQ(read(folder + "/notes"), "untracked\n");
  EXPECT_EQ(read(folder + "/local.conf"), "tracked\n");
  EXPECT_EQ(read(folder + "/elsewhere.txt"), "e\n");
  EXPECT_FALSE(fs::exists(folder + "/old"));
  EXPECT_EQ(status(folder), "?? notes");
}

}  // namespace
}  // namespace worktrees::test

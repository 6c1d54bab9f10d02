// Files that a program of the manifest makes of what is committed.
#include <gmock/gmock.h>

#include "runner/executors/filter_programs.h"
#include "tests/integration/worktrees/recycling.h"

namespace worktrees::test {
namespace {

using ::testing::HasSubstr;

class Smudged : public Recycle {
 protected:
  void SetUp() override {
    Recycle::SetUp();
    options.limits.setup_deadline = std::chrono::seconds(20);
    filters_ = runner::executors::make_filter_programs(
        {.home = top + "/filter-home", .limits = options.limits});
    workspace = std::make_unique<GitWorkspace>(options, commands, filters_.get());
    commit_seed({{".gitattributes", "*.big filter=big -text\n*.none filter=none\n"},
                 {"data/a.big", "pointer a\n"},
                 {"data/b.big", "pointer b\n"},
                 {"c.none", "pointer c\n"}},
                "pointers");
  }
  /// Says which file it makes, then gives "<words> of <pointer>".
  void use(const std::string& words) {
    repo.smudge["big"] = {"sh", "-c",
                          "echo \"$1\" >> '" + top + "/made'; printf '%s of ' '" + words + "'; cat",
                          "sh", "%f"};
  }
  /// Which files were made since the last time, in order.
  std::vector<std::string> made() {
    std::vector<std::string> paths;
    std::ifstream lines(top + "/made");
    for (std::string line; std::getline(lines, line);) {
      paths.push_back(line);
    }
    fs::remove(top + "/made");
    std::ranges::sort(paths);
    return paths;
  }
  using Paths = std::vector<std::string>;

  std::unique_ptr<jobs::FilterRunner> filters_;
};

TEST_F(Smudged, PointersStayWhereTheManifestNamesNoProgram) {
  const std::string folder = next_run().path;
  EXPECT_EQ(read(folder + "/data/a.big"), "pointer a\n");
  expect_as_new(folder);
}

TEST_F(Smudged, AFileIsWhatTheProgramMakesOfIt) {
  use("content");
  const std::string folder = next_run().path;
  EXPECT_EQ(made(), (Paths{"data/a.big", "data/b.big"}));
  git({"add", "-A"}, folder);
  EXPECT_EQ(git({"diff", "--cached", "--name-only"}, folder), "") << "it would be committed";
  EXPECT_EQ(read(folder + "/data/a.big"), "content of pointer a\n");
  EXPECT_EQ(read(folder + "/data/b.big"), "content of pointer b\n");
  EXPECT_EQ(read(folder + "/c.none"), "pointer c\n");
  EXPECT_EQ(git({"diff-files"}, folder), "");
  EXPECT_EQ(status(folder), "");
}

TEST_F(Smudged, OnlyWhatChangedIsMadeAgain) {
  use("content");
  const std::string folder = settled();
  (void)made();
  commit_seed({{"data/b.big", "pointer of another b\n"}}, "another b");
  EXPECT_EQ(recycle().path, folder);
  EXPECT_EQ(made(), Paths{"data/b.big"});
  EXPECT_EQ(read(folder + "/data/b.big"), "content of pointer of another b\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  recycle();  // what was made just now may have changed since with the same stat
  (void)made();
  write(folder + "/data/a.big", "worked on\n");
  recycle();
  EXPECT_EQ(made(), Paths{"data/a.big"});
  EXPECT_EQ(read(folder + "/data/a.big"), "content of pointer a\n");
}

TEST_F(Smudged, AnotherProgramMakesEverythingAgain) {
  use("content");
  const std::string folder = settled();
  (void)made();
  use("other");
  recycle();
  EXPECT_EQ(made(), (Paths{"data/a.big", "data/b.big"}));
  EXPECT_EQ(read(folder + "/data/a.big"), "other of pointer a\n");
  repo.smudge.clear();
  recycle();
  EXPECT_EQ(made(), Paths{});
  EXPECT_EQ(read(folder + "/data/a.big"), "pointer a\n");
  expect_as_new(folder);
}

TEST_F(Smudged, AWorktreeBesideAnotherTakesNothingOfThat) {
  use("content");
  const std::string first = next_run().path;
  (void)made();
  const jobs::Prepared second = next_run();
  EXPECT_NE(second.path, first);
  EXPECT_EQ(made(), (Paths{"data/a.big", "data/b.big"}));
  EXPECT_EQ(read(second.path + "/data/a.big"), "content of pointer a\n");
}

TEST_F(Smudged, WhatItMakesMayBeLargerThanMemory) {
  repo.smudge["big"] = {"sh", "-c", "head -c 300000000 /dev/zero"};
  const std::string folder = next_run().path;
  EXPECT_EQ(fs::file_size(folder + "/data/a.big"), 300'000'000U);
  EXPECT_EQ(status(folder), "");
}

TEST_F(Smudged, AProgramThatFailsIsTheInstancesFailure) {
  repo.smudge["big"] = {"sh", "-c", "echo 'the store is away' >&2; exit 1"};
  jobs::Run run = make_run();
  const auto prepared = workspace->prepare(repo, run);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().kind, jobs::ErrorKind::transient);
  EXPECT_THAT(prepared.error().text(), HasSubstr("data/"));
  EXPECT_THAT(prepared.error().text(), HasSubstr("with the filter big"));
  EXPECT_THAT(prepared.error().text(), HasSubstr("the store is away"));
  use("content");
  EXPECT_EQ(read(prepare(run).path + "/data/a.big"), "content of pointer a\n");
}

TEST_F(Smudged, CiSeesTheSameFiles) {
  use("content");
  const auto tree = workspace->commit_tree(repo, jobs::Oid(remote_head()));
  ASSERT_TRUE(tree) << tree.error().text();
  EXPECT_EQ(read(*tree + "/data/a.big"), "content of pointer a\n");
  EXPECT_EQ(git({"status", "--porcelain"}, *tree), "");
}

TEST_F(Smudged, WhatIsShownInAWorktreeAfterAMergeIsMadeToo) {
  use("content");
  jobs::Run run = make_run();
  prepare(run);
  commit_in(run.worktree, {{"work.txt", "work\n"}});
  verify(run);
  commit_seed({{"data/b.big", "pointer of another b\n"}}, "another b");
  const jobs::LandResult result = land(run);
  ASSERT_EQ(result.kind, jobs::LandResult::Kind::needs_verify);
  EXPECT_EQ(read(run.worktree + "/data/b.big"), "content of pointer of another b\n");
  EXPECT_EQ(status(run.worktree), "");
}

TEST_F(Smudged, NothingIsWrittenWhereNobodyRunsPrograms) {
  use("content");
  make_workspace();
  jobs::Run run = make_run();
  const auto prepared = workspace->prepare(repo, run);
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().text(), HasSubstr("nothing here runs the filters of acme/shop"));
}

}  // namespace
}  // namespace worktrees::test

// What is too large for memory: an agent's commits and files, and those of the remote.
#include "tests/integration/worktrees/git_playground.h"
#include "worktrees/git_memory.h"

namespace worktrees::test {
namespace {

/// Takes no space, and little once git has compressed it; in memory it is more than all git work
/// may hold.
constexpr std::uintmax_t kHuge = kMostGitMemory + (std::uintmax_t{16} << 20U);

class Large : public Playground {
 protected:
  static void make_huge(const std::string& path) {
    write(path, "");
    fs::resize_file(path, kHuge);
  }
  void commit_huge(const std::string& folder) const {
    make_huge(folder + "/huge");
    git({"add", "-A"}, folder);
    git({"commit", "-q", "-m", "Huge"}, folder);
  }
};

TEST_F(Large, AHugeCommittedFileIsKeptAndNotLanded) {
  jobs::Run run = make_run();
  prepare(run);
  commit_huge(run.worktree);
  verify(run);
  const jobs::LandResult result = land(run);
  EXPECT_EQ(result.kind, jobs::LandResult::Kind::rejected);
  EXPECT_EQ(result.rule, "size");
  const auto kept = workspace->rescue(repo, run);
  ASSERT_TRUE(kept) << kept.error().text();
  EXPECT_EQ(git({"cat-file", "-s", kept->str() + ":huge"}, mirror()), std::to_string(kHuge));
}

TEST_F(Large, AHugeFileThatGitPackedIsLeftWithAReason) {
  jobs::Run run = make_run();
  prepare(run);
  commit_huge(run.worktree);
  git({"repack", "-adq"}, run.worktree);
  verify(run);
  const auto kept = workspace->rescue(repo, run);
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().kind, jobs::ErrorKind::denied) << "a next try would find the same";
  EXPECT_NE(kept.error().text().find("too large"), std::string::npos) << kept.error().text();
  EXPECT_FALSE(workspace->release(repo, run));
  EXPECT_TRUE(fs::exists(run.worktree + "/huge"));
}

TEST_F(Large, FilesOfWhichEachFitsAreNotTooLargeTogether) {
  constexpr std::uintmax_t kEach = kMostGitMemory * 9 / 16;
  for (const char* name : {"a", "b", "c"}) {
    write(seed + "/" + name, name);
    fs::resize_file(seed + "/" + name, kEach);
  }
  for (int i = 0; i < 60; ++i) {  // so many that two threads take them, in pairs
    write(fmt::format("{}/small/{}", seed, i), fmt::format("{}\n", i));
  }
  // Straight into a pack of the remote, none as a delta of the other, which would need both.
  const auto there = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--git-dir", remote, "--work-tree", seed, "-c", "core.bare=false",
                                 "-c", "core.bigFileThreshold=1m"});
    git(words, seed);
  };
  there({"add", "-A"});
  there({"commit", "-q", "-m", "Large"});
  ASSERT_FALSE(fs::is_empty(remote + "/objects/pack"));
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(fs::file_size(prepared.path + "/" + name), kEach);
  }
}

TEST_F(Large, ALongCommitIsToldBeforeItIsRead) {
  jobs::Run run = make_run();
  prepare(run);
  write(top + "/message", "Add\n\n" + std::string(std::size_t{2} << 20U, 'x'));
  write(run.worktree + "/new", "new\n");
  git({"add", "-A"}, run.worktree);
  git({"commit", "-q", "-F", top + "/message"}, run.worktree);
  commit_in(run.worktree, {{"more", "more\n"}});
  const auto facts = workspace->observe(repo, run);
  ASSERT_TRUE(facts);
  EXPECT_NE(facts->problem.find("at most 1048576"), std::string::npos) << facts->problem;
  const auto kept = workspace->rescue(repo, run);
  ASSERT_FALSE(kept);
  EXPECT_FALSE(jobs::is_retryable(kept.error().kind));
}

TEST_F(Large, AHugeFileOfTheRemoteIsToldNotRead) {
  commit_huge(seed);
  git({"push", "-q", "origin", "HEAD:refs/heads/main"}, seed);
  jobs::Run run = make_run();
  const auto prepared = workspace->prepare(repo, run);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().kind, jobs::ErrorKind::denied);
  EXPECT_NE(prepared.error().text().find("too large"), std::string::npos);
}

TEST_F(Large, AFileThatIsTooLongToBeConvertedIsToldByItsPath) {
  write(seed + "/text", "");
  fs::resize_file(seed + "/text", (std::uintmax_t{48} << 20U) + 1);
  commit_seed({{".gitattributes", "text text eol=crlf\nfine text eol=crlf\n"}, {"fine", "a\n"}},
              "long text");
  const auto prepared = workspace->prepare(repo, make_run());
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().kind, jobs::ErrorKind::denied);
  EXPECT_NE(prepared.error().text().find("text has 50331649 bytes, too many for a file that its "
                                         "attributes convert"),
            std::string::npos)
      << prepared.error().text();
  commit_seed({{".gitattributes", "fine text eol=crlf\n"}}, "as it is");
  jobs::Run run = make_run();
  EXPECT_EQ(read(prepare(run).path + "/fine"), "a\r\n");
}

/// libgit2 keeps some hundred bytes of each rule, and a lock when there is no memory for another.
TEST_F(Large, HugeRulesOfAnAgentHoldNobodyUp) {
  std::string rules;
  while (rules.size() < (std::size_t{12} << 20U)) {
    rules += "a b\n";
  }
  int number = 100;
  for (const std::string name : {".gitattributes", ".gitignore", "src/.gitattributes"}) {
    for (const bool committed : {true, false}) {
      ++number;
      jobs::Run run = make_run(number, fmt::format("r{}", number));
      prepare(run);
      write(run.worktree + "/" + name, rules);
      write(run.worktree + "/src/new", "new\n");
      if (committed) {
        commit_in(run.worktree, {{"src/more", "more\n"}});
        run.head = jobs::Oid(git({"rev-parse", "HEAD"}, run.worktree));
        run.verified_tree = jobs::Oid(git({"rev-parse", "HEAD^{tree}"}, run.worktree));
        run.verified_base = run.base;
        const auto landed = workspace->land(repo, {.run = run, .at = kNow});
        EXPECT_TRUE(!landed || landed->kind == jobs::LandResult::Kind::rejected) << name;
        if (name.ends_with(".gitattributes") && landed) {
          EXPECT_EQ(landed->rule, "size") << landed->message;
        }
      }
      (void)workspace->observe(repo, run);
      const auto kept = workspace->rescue(repo, run);
      EXPECT_TRUE(kept || kept.error().kind == jobs::ErrorKind::denied) << kept.error().text();
      if (kept) {
        EXPECT_EQ(this->kept(*kept, "src/new"), "new") << name;
      }
      EXPECT_EQ(workspace->release(repo, run).has_value(), kept.has_value()) << name;
    }
  }
}

TEST_F(Large, AHugePromptFileIsNone) {
  jobs::Run run = make_run();
  prepare(run);
  commit_huge(run.worktree);
  const jobs::Oid head(git({"rev-parse", "HEAD"}, run.worktree));
  const auto text = workspace->file_at(repo, head, "huge");
  ASSERT_TRUE(text) << text.error().text();
  EXPECT_FALSE(text->has_value());
}

TEST_F(Large, WhatIsTooLongToCompareCountsWhole) {
  std::string lines;
  for (int i = 0; i < 450'000; ++i) {
    lines += "a\n";
  }
  commit_seed({{"lines", lines}}, "lines");
  options.limits.land_changed_bytes = 500'000;
  make_workspace();
  jobs::Run run = make_run();
  prepare(run);
  commit_in(run.worktree, {{"lines", lines + "b\n"}});
  verify(run);
  const jobs::LandResult result = land(run);
  EXPECT_EQ(result.kind, jobs::LandResult::Kind::rejected);
  EXPECT_EQ(result.message,
            "900002 added bytes, 500000 are allowed (lines is too long to be compared: all of it "
            "counts)");
}

TEST_F(Large, MarkersAreSeenInNewFilesAndAcrossPieces) {
  jobs::Run run = make_run();
  prepare(run);
  // The marker lies on the border of two pieces of the reader.
  const std::string before(65536 - 13, 'x');
  commit_in(run.worktree, {{"new", "<<<<<<< ours\n" + before + "\n>>>>>>> theirs\n" +
                                       std::string(200'000, 'y')}});
  verify(run);
  const jobs::LandResult result = land(run);
  EXPECT_EQ(result.rule, "conflict-markers");
}

}  // namespace
}  // namespace worktrees::test

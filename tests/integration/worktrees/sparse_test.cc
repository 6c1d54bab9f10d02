// Worktrees that have some folders of the repository only.
#include <map>
#include <random>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/worktrees/git_playground.h"

namespace worktrees::test {
namespace {

using Files = std::map<std::string, std::string>;
using ::testing::HasSubstr;

/// "path mode content" of everything in a worktree but its .git.
std::set<std::string> files_of(const std::string& folder) {
  std::set<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().string().substr(folder.size() + 1);
    if (path == ".git") {
      continue;
    }
    if (entry.is_symlink()) {
      found.insert(path + " -> " + fs::read_symlink(entry.path()).string());
    } else if (entry.is_directory()) {
      found.insert(path + "/");
    } else {
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      found.insert(fmt::format("{} {:o} {}", path,
                               static_cast<unsigned>(entry.status().permissions()), text.str()));
    }
  }
  return found;
}

class Sparse : public Playground {
 protected:
  void SetUp() override {
    Playground::SetUp();
    commit_seed({{"services/go.mod", "module\n"},
                 {"services/api/main.go", "api\n"},
                 {"services/api/deep/er.go", "deep\n"},
                 {"services/web/index.js", "web\n"},
                 {"lib/a.c", "lib\n"},
                 {"lib/sub/b.c", "sub\n"}},
                "more");
    repo.sparse = {"services/api"};
  }
  /// What git leaves of a commit with the same folders.
  std::set<std::string> by_git(const std::string& commit, const std::vector<std::string>& folders) {
    const std::string place = fmt::format("{}/by-git-{}", top, ++counter);
    git({"clone", "-q", "--no-checkout", remote, place}, top);
    std::vector<std::string> words{"sparse-checkout", "set", "--cone", "--skip-checks"};
    words.insert(words.end(), folders.begin(), folders.end());
    git(words, place);
    git({"checkout", "-q", "--detach", commit}, place);
    patterns = read(place + "/.git/info/sparse-checkout");
    auto found = files_of(place);
    std::erase_if(found, [](const std::string& line) { return line.starts_with(".git/"); });
    return found;
  }
  [[nodiscard]] std::string our_patterns(const std::string& worktree) const {
    return read(checkout() + "/worktrees/" + fs::path(worktree).filename().string() +
                "/info/sparse-checkout");
  }
  void expect_like_git(const jobs::Run& run) {
    EXPECT_EQ(files_of(run.worktree), by_git(run.base.str(), repo.sparse));
    EXPECT_EQ(our_patterns(run.worktree), patterns);
    EXPECT_EQ(status(run.worktree), "");
    EXPECT_EQ(git({"diff", "--stat", "HEAD"}, run.worktree), "");
    git({"fsck", "--strict", "--no-dangling"}, run.worktree);
  }
  std::string patterns;
  int counter = 0;
};

TEST_F(Sparse, LeavesWhatGitLeaves) {
  jobs::Run run = make_run();
  prepare(run);
  expect_like_git(run);
  EXPECT_FALSE(fs::exists(run.worktree + "/lib"));
  EXPECT_FALSE(fs::exists(run.worktree + "/services/web"));
  EXPECT_TRUE(fs::exists(run.worktree + "/services/go.mod"));
  EXPECT_THAT(git({"ls-files", "-t"}, run.worktree), HasSubstr("S lib/a.c"));
  EXPECT_THAT(git({"sparse-checkout", "list"}, run.worktree), HasSubstr("services/api"));
}

TEST_F(Sparse, WhatLandsKeepsEverythingElse) {
  jobs::Run run = make_run();
  prepare(run);
  commit_in(run.worktree, {{"services/api/main.go", "better\n"}, {"services/api/new.go", "n\n"}});
  EXPECT_EQ(status(run.worktree), "");
  verify(run);
  EXPECT_EQ(land(run).kind, jobs::LandResult::Kind::landed);
  EXPECT_EQ(git({"diff", "--name-status", "main~1", "main"}, remote),
            "M\tservices/api/main.go\nA\tservices/api/new.go");
  EXPECT_EQ(git({"show", "main:lib/sub/b.c"}, remote), "sub");
}

TEST_F(Sparse, IsDirtyOnlyByWhatWasDoneInIt) {
  jobs::Run run = make_run();
  prepare(run);
  EXPECT_FALSE(workspace->observe(repo, run).value().dirty);
  EXPECT_TRUE(workspace->rescue(repo, run).value().empty());
  write(run.worktree + "/services/api/main.go", "changed\n");
  fs::remove(ours(run.worktree) + "/services/go.mod");
  EXPECT_TRUE(workspace->observe(repo, run).value().dirty);
  const jobs::Oid kept_work = workspace->rescue(repo, run).value();
  EXPECT_EQ(git({"diff", "--name-status", run.base.str(), kept_work.str()}, mirror()),
            "M\tservices/api/main.go\nD\tservices/go.mod")
      << "what was never there is not deleted";
}

TEST_F(Sparse, AFileOutsideThatAnAgentMadeIsKept) {
  jobs::Run run = make_run();
  prepare(run);
  write(run.worktree + "/lib/a.c", "by the agent\n");
  write(run.worktree + "/other/x", "new\n");
  const jobs::Oid kept_work = workspace->rescue(repo, run).value();
  EXPECT_EQ(kept(kept_work, "lib/a.c"), "by the agent");
  EXPECT_EQ(kept(kept_work, "other/x"), "new");
  EXPECT_EQ(kept(kept_work, "lib/sub/b.c"), "sub");
}

TEST_F(Sparse, AMovedBaseIsMergedThoughItsFilesAreNotThere) {
  jobs::Run run = make_run();
  prepare(run);
  commit_in(run.worktree, {{"services/api/main.go", "better\n"}});
  commit_seed({{"lib/a.c", "by somebody else\n"}, {"services/api/deep/er.go", "deeper\n"}}, "else");
  verify(run);
  const auto merged = land(run);
  ASSERT_EQ(merged.kind, jobs::LandResult::Kind::needs_verify) << merged.message;
  EXPECT_EQ(status(run.worktree), "");
  EXPECT_EQ(read(run.worktree + "/services/api/deep/er.go"), "deeper\n");
  EXPECT_FALSE(fs::exists(run.worktree + "/lib"));
  run.base = merged.base;
  verify(run);
  EXPECT_EQ(land(run).kind, jobs::LandResult::Kind::landed);
  EXPECT_EQ(git({"show", "main:lib/a.c"}, remote), "by somebody else");
  EXPECT_EQ(git({"show", "main:services/api/main.go"}, remote), "better");
}

TEST_F(Sparse, AWorktreeGoesFromOneSetToAnother) {
  std::string path;
  int issue = 20;
  for (const std::vector<std::string>& folders :
       std::vector<std::vector<std::string>>{{"services/api"},
                                             {"lib"},
                                             {},
                                             {"lib/sub", "services/web"},
                                             {"services"},
                                             {"nowhere"},
                                             {}}) {
    repo.sparse = folders;
    jobs::Run run = make_run(++issue, fmt::format("r{}", issue));
    const auto prepared = prepare(run);
    EXPECT_TRUE(path.empty() || prepared.path == path) << "the same worktree";
    EXPECT_TRUE(path.empty() || read(path + "/build/cache") == "warm\n");
    path = prepared.path;
    fs::remove_all(ours(path + "/build"));  // git's own has none
    if (folders.empty()) {
      EXPECT_EQ(status(path), "");
      EXPECT_TRUE(fs::exists(path + "/lib/sub/b.c"));
      EXPECT_TRUE(fs::exists(path + "/services/web/index.js"));
      EXPECT_EQ(our_patterns(path), "");
      EXPECT_THAT(git({"status"}, path), ::testing::Not(HasSubstr("sparse")));
    } else {
      expect_like_git(run);
    }
    write(path + "/build/cache", "warm\n");
    ASSERT_TRUE(workspace->release(repo, run).has_value());
    EXPECT_EQ(read(path + "/build/cache"), "warm\n");
  }
}

TEST_F(Sparse, Invariant11_WhatAnAgentPutInPlaceOfThePatternsIsNotFollowed) {
  jobs::Run run = make_run();
  const std::string path = prepare(run).path;
  const std::string info =
      checkout() + "/worktrees/" + fs::path(path).filename().string() + "/info";
  fs::remove_all(ours(info));
  fs::create_directories(top + "/outside");
  fs::create_directory_symlink(top + "/outside", info);
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run next = make_run(13, "r02");
  EXPECT_EQ(prepare(next).path, path);
  expect_like_git(next);
  EXPECT_TRUE(fs::is_empty(top + "/outside"));
}

TEST_F(Sparse, ALostWorktreeComesBackAsItWas) {
  jobs::Run run = make_run();
  prepare(run);
  fs::remove_all(ours(run.worktree));
  repo.sparse = {"lib"};  // of a manifest that was changed meanwhile
  prepare(run);
  repo.sparse = {"services/api"};
  expect_like_git(run);
}

TEST_F(Sparse, Property_RandomTreesAndSetsAreLikeGits) {
  std::mt19937 random(7);  // NOLINT: the same trees each time
  const auto pick = [&](int most) {
    return static_cast<int>(random() % static_cast<unsigned>(most));
  };
  const std::vector<std::string> names = {"a", "a-b", "a.b", "b", "B", "[x]", "we?rd", "ü", "z z"};
  const auto path = [&](int depth) {
    std::string out;
    for (int i = 0; i < depth; ++i) {
      out += (out.empty() ? "" : "/") + names[static_cast<std::size_t>(pick(9))];
    }
    return out;
  };
  for (int round = 0; round < 12; ++round) {
    for (const auto& entry : fs::directory_iterator(seed)) {
      if (entry.path().filename() != ".git") {
        fs::remove_all(entry.path());
      }
    }
    Files files{{".gitignore", "build/\n"}};
    for (int i = 0; i < 40; ++i) {
      files[path(pick(4)) + fmt::format("/f{}.txt", pick(5))] = fmt::format("{}\n", i);
    }
    Files clean;
    for (const auto& [name, content] : files) {
      clean[name.starts_with('/') ? name.substr(1) : name] = content;
    }
    commit_seed(clean, fmt::format("round {}", round));
    repo.sparse.clear();
    for (int i = 0; i <= pick(3); ++i) {
      repo.sparse.push_back(path(1 + pick(3)));
    }
    jobs::Run run = make_run(100 + round, fmt::format("rr{}", round));
    prepare(run);
    SCOPED_TRACE(::testing::PrintToString(repo.sparse));
    expect_like_git(run);
    ASSERT_TRUE(workspace->release(repo, run).has_value());
  }
}

}  // namespace
}  // namespace worktrees::test

#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/integration/worktrees/odd_trees.h"

namespace worktrees::test {

/// One run after the other in the same worktree, each beside one that git makes.
class Recycle : public Playground {
 protected:
  jobs::Prepared next_run() {
    ++runs_;
    run_ = make_run(100 + runs_, fmt::format("r{}", runs_));
    run_.branch = fmt::format("runner/{}-next", 100 + runs_);
    return prepare(run_);
  }
  void release() {
    const jobs::Status released = workspace->release(repo, run_);
    ASSERT_TRUE(released.has_value()) << released.error().text();
  }
  /// One run after the other in the same slot.
  jobs::Prepared recycle() {
    release();
    jobs::Prepared prepared = next_run();
    EXPECT_TRUE(prepared.recycled);
    return prepared;
  }
  /// A worktree whose files are older than what is known of them, so that their stat is believed.
  std::string settled() {
    next_run();
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    return recycle().path;
  }
  /// Everything but build/, which is ignored.
  void expect_as_new(const std::string& folder) {
    const std::string theirs = fmt::format("{}/theirs-{}", top, runs_);
    git({"worktree", "add", "-q", "--detach", theirs, "main"}, remote);
    const auto ours = print_of(folder, "build");
    const auto expected = print_of(theirs, "build");
    for (const auto& [path, print] : expected) {
      const auto found = ours.find(path);
      EXPECT_TRUE(found != ours.end() && found->second == print)
          << "not as git writes it: " << path;
    }
    for (const auto& [path, print] : ours) {
      EXPECT_TRUE(expected.contains(path)) << "left over: " << path;
    }
    EXPECT_EQ(git({"diff-files"}, folder), "");
    EXPECT_EQ(status(folder), "");
    EXPECT_EQ(git({"ls-files", "--stage"}, folder), git({"ls-files", "--stage"}, theirs));
    // A failure of git is one of the test; a warning, such as of a link called .gitignore, is none.
    git({"fsck", "--no-dangling", "--no-progress"}, folder);
  }
  [[nodiscard]] std::string known_files() const {
    return (*fs::directory_iterator(options.root + "/worktrees")).path().string() + "/w1.index";
  }

  jobs::Run run_;
  int runs_ = 0;
};

}  // namespace worktrees::test

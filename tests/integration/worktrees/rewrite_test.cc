// What a recycled worktree believes of the folder it was left in, and what it writes over: files in
// place where that leaves no trace, and directories that are not read again.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fmt/format.h>

#include "tests/integration/worktrees/recycling.h"
#include "tests/support/signals.h"
#include "worktrees/folder_notes.h"
#include "worktrees/index_file.h"
#include "worktrees/known_files.h"

namespace worktrees::test {
namespace {

class Rewrite : public Recycle {
 protected:
  [[nodiscard]] static ino_t inode(const std::string& path) {
    struct stat info{};
    EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
    return info.st_ino;
  }
  /// What is kept of the slot, as if each file had been seen as it is now.
  void claim(const std::string& folder, const FolderNotes& notes) const {
    KnownFiles known = read_known_files(known_files());
    ASSERT_FALSE(known.list.files.empty());
    for (std::size_t i = 0; i < known.stats.size(); ++i) {
      struct stat info{};
      ASSERT_EQ(::lstat((folder + "/" + std::string(known.list.path(known.list.files[i]))).c_str(),
                        &info),
                0);
      known.stats[i] = stat_of(info);
    }
    std::string bytes;
    const jobs::Status made = index_of(known.list, known.stats,
                                       [&](std::string_view piece) {
                                         bytes += piece;
                                         return jobs::ok();
                                       },
                                       {});
    ASSERT_TRUE(made.has_value());
    bytes += notes_behind(bytes, notes);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    write(known_files(), bytes);
  }
};

TEST_F(Rewrite, AFileThatIsOtherwiseAsNewKeepsItsInode) {
  const std::string folder = settled();
  const ino_t longer = inode(folder + "/README.md");
  const ino_t shorter = inode(folder + "/src/a.txt");
  write(folder + "/README.md", "something much longer than what was there\n");
  write(folder + "/src/a.txt", "");
  expect_as_new(recycle().path);
  EXPECT_EQ(inode(folder + "/README.md"), longer);
  EXPECT_EQ(inode(folder + "/src/a.txt"), shorter);
}

TEST_F(Rewrite, AnotherNameOfAFileKeepsWhatStandsThere) {
  const std::string folder = settled();
  write(folder + "/README.md", "work\n");
  fs::create_hard_link(folder + "/README.md", top + "/copy");
  expect_as_new(recycle().path);
  EXPECT_EQ(read(top + "/copy"), "work\n");
}

TEST_F(Rewrite, WhatOthersMayDoWithAFileGoesWithIt) {
  const std::string folder = settled();
  const std::string path = folder + "/README.md";
  write(path, "work\n");
  if (::setxattr(path.c_str(), "user.mark", "x", 1, 0) != 0) {
    GTEST_SKIP() << "no extended attributes on this file system";
  }
  expect_as_new(recycle().path);
  EXPECT_EQ(::listxattr(path.c_str(), nullptr, 0), 0);
}

TEST_F(Rewrite, AProgramThatStillRunsIsReplaced) {
  commit_seed({{"tool", "#!/bin/sh\n"}}, "a tool");
  fs::permissions(seed + "/tool", fs::perms::owner_exec, fs::perm_options::add);
  commit_seed({}, "that runs");
  const std::string folder = settled();
  fs::copy_file("/bin/sleep", folder + "/tool", fs::copy_options::overwrite_existing);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl((folder + "/tool").c_str(), "tool", "100", nullptr);
    ::_exit(127);
  }
  const std::string image = fmt::format("/proc/{}/exe", child);
  for (int i = 0; i < 200 && fs::read_symlink(image) != folder + "/tool"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  expect_as_new(recycle().path);
  EXPECT_EQ(test_support::send_signal(child, SIGKILL), 0);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(Rewrite, WhatIsKnownCountsUntilTheMachineStartsAgain) {
  const std::string folder = settled();
  write(folder + "/README.md", "another content\n");
  release();
  // Nothing but such a claim could keep that content: it is what a power cut could make of a file
  // that is written in place, when its times never reach the disk.
  claim(folder, {.boot = this_boot(), .directories = {}});
  next_run();
  EXPECT_EQ(read(folder + "/README.md"), "another content\n");
  release();
  claim(folder, {.boot = "the one before", .directories = {}});
  expect_as_new(next_run().path);
}

/// What the next commit makes of a folder whose directories are all noted.
struct Turn {
  std::string name;
  std::vector<std::pair<std::string, std::string>> now;  ///< files of the next commit; "": removed
  std::vector<std::string> left;                         ///< what the last user leaves, beside
};

class Turns : public Rewrite, public ::testing::WithParamInterface<Turn> {};

TEST_P(Turns, ComeOutAsNew) {
  commit_seed({{"dir/deep/one.txt", "1\n"}, {"dir/two.txt", "2\n"}, {"other/three.txt", "3\n"}},
              "first");
  const std::string folder = settled();
  write(folder + "/build/object", "warm");
  for (const std::string& path : GetParam().left) {
    write(folder + "/" + path, "left\n");
  }
  for (const auto& [path, content] : GetParam().now) {
    fs::remove_all(seed + "/" + path);
    if (!content.empty()) {
      write(seed + "/" + path, content);
    }
  }
  commit_seed({}, "turned");
  expect_as_new(recycle().path);
  EXPECT_EQ(read(folder + "/build/object"), "warm") << "it was made anew";
}

INSTANTIATE_TEST_SUITE_P(
    Notes, Turns,
    ::testing::Values(
        Turn{.name = "FileBecomesDirectory",
             .now = {{"dir/two.txt", ""}, {"dir/two.txt/in", "x\n"}},
             .left = {}},
        Turn{.name = "DirectoryBecomesFile", .now = {{"dir/deep", "a file\n"}}, .left = {}},
        Turn{.name = "DirectoryGoes", .now = {{"dir/deep", ""}}, .left = {}},
        Turn{.name = "DirectoryGoesWithWhatIsLeftInIt",
             .now = {{"dir/deep", ""}},
             .left = {"dir/deep/untracked"}},
        Turn{.name = "DirectoryComes", .now = {{"dir/new/four.txt", "4\n"}}, .left = {}},
        Turn{.name = "DirectoryComesWhereAFileIsLeft",
             .now = {{"dir/new/four.txt", "4\n"}},
             .left = {"dir/new"}},
        Turn{.name = "FileComesWhereADirectoryIsLeft",
             .now = {{"dir/new", "4\n"}},
             .left = {"dir/new/file"}},
        Turn{.name = "EverythingGoes", .now = {{"dir", ""}, {"other", ""}}, .left = {}}),
    [](const auto& turn) { return turn.param.name; });

TEST_F(Rewrite, AFileBecomesASubmoduleAndAFileAgain) {
  commit_seed({{"dir/one.txt", "1\n"}, {"dir/two.txt", "2\n"}}, "first");
  const std::string folder = settled();
  write(folder + "/build/object", "warm");
  const std::string commit = git({"rev-parse", "HEAD"}, seed);
  git({"rm", "-q", "dir/two.txt"}, seed);
  git({"update-index", "--add", "--cacheinfo", "160000," + commit + ",dir/two.txt"}, seed);
  git({"commit", "-q", "-m", "a submodule"}, seed);
  git({"push", "-q", "origin", "HEAD:main"}, seed);
  expect_as_new(recycle().path);
  EXPECT_TRUE(fs::is_directory(folder + "/dir/two.txt"));
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  expect_as_new(recycle().path);
  commit_seed({{"dir/two.txt", "2\n"}}, "a file");
  expect_as_new(recycle().path);
  EXPECT_EQ(read(folder + "/build/object"), "warm") << "it was made anew";
}

TEST_F(Rewrite, AnUnchangedDirectoryHasThePermissionsOfANewOne) {
  commit_seed({{"dir/one.txt", "1\n"}}, "first");
  const std::string folder = settled();
  const mode_t before = ::umask(077);
  recycle();
  ::umask(before);
  EXPECT_EQ(fs::status(folder + "/dir").permissions(), fs::perms::owner_all);
}

TEST_F(Rewrite, AFileThatChangedWhenItWasWrittenDownIsReadAgain) {
  commit_seed({{"dir/one.txt", "1\n"}}, "first");
  const std::string folder = settled();
  std::string_view index;
  const std::string kept = read(known_files());
  const FolderNotes notes = take_notes(index = kept);
  write(folder + "/dir/one.txt", "2\n");  // its directory stays as it was
  struct stat info{};
  ASSERT_EQ(::stat((folder + "/dir/one.txt").c_str(), &info), 0);
  release();
  claim(folder, notes);
  next_run();
  EXPECT_EQ(read(folder + "/dir/one.txt"), "2\n") << "the claim was not believed";
  release();
  claim(folder, notes);
  const timespec times[] = {info.st_ctim, info.st_ctim};
  ASSERT_EQ(::utimensat(AT_FDCWD, known_files().c_str(), times, 0), 0);
  expect_as_new(next_run().path);
}

TEST_F(Rewrite, ADirectoryWithItsOldTimeIsReadAgain) {
  commit_seed({{"dir/one.txt", "1\n"}}, "first");
  const std::string folder = settled();
  struct stat before{};
  ASSERT_EQ(::stat((folder + "/dir").c_str(), &before), 0);
  write(folder + "/dir/untracked", "x");
  const timespec times[] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder + "/dir").c_str(), times, 0), 0);
  expect_as_new(recycle().path);
}

TEST_F(Rewrite, AnotherDirectoryOfTheSameNameIsReadAgain) {
  commit_seed({{"dir/one.txt", "1\n"}}, "first");
  const std::string folder = settled();
  fs::rename(folder + "/dir", top + "/moved");
  fs::create_directory(folder + "/dir");
  write(folder + "/dir/one.txt", "1\n");
  write(folder + "/dir/untracked", "x");
  expect_as_new(recycle().path);
}

TEST_F(Rewrite, ADirectoryThatChangedWhenItWasNotedIsReadAgain) {
  commit_seed({{"dir/one.txt", "1\n"}}, "first");
  const std::string folder = settled();
  write(folder + "/dir/untracked", "x");
  struct stat info{};
  ASSERT_EQ(::stat((folder + "/dir").c_str(), &info), 0);
  std::string_view index;
  const std::string kept = read(known_files());
  FolderNotes notes = take_notes(index = kept);
  ASSERT_EQ(notes.directories.size(), 3U);  // the folder, dir and src
  notes.directories[1] = stat_of(info);
  release();
  claim(folder, notes);
  next_run();
  EXPECT_EQ(read(folder + "/dir/untracked"), "x") << "the claim was not believed";
  release();
  claim(folder, notes);
  const timespec times[] = {info.st_ctim, info.st_ctim};
  ASSERT_EQ(::utimensat(AT_FDCWD, known_files().c_str(), times, 0), 0);
  expect_as_new(next_run().path);
}

TEST_F(Rewrite, NotesOfAnotherIndexSayNothing) {
  commit_seed({{"dir/one.txt", "1\n"}}, "first");
  const std::string folder = settled();
  const std::string first = read(known_files());
  std::string_view index = first;
  const FolderNotes notes = take_notes(index);
  ASSERT_FALSE(notes.directories.empty());
  EXPECT_FALSE(notes.directories.back() == FileStat{});
  std::string other(index);
  other.back() = static_cast<char>(other.back() ^ 1);
  other += first.substr(index.size());
  std::string_view rest = other;
  EXPECT_TRUE(take_notes(rest).boot.empty());
  EXPECT_EQ(rest.size(), other.size());
}

}  // namespace
}  // namespace worktrees::test

// The way that stays inside, on kernels and in containers that know openat2 and on others.
#include "worktrees/beneath.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/own_folder.h"

namespace worktrees {
namespace {

namespace fs = std::filesystem;

struct Way {
  std::string name;
  int (*open)(int root, const char* path, int flags, mode_t mode);
};

class Beneath : public ::testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    fs::create_directories(top_ / "root/dir/deep");
    fs::create_directories(top_ / "outside");
    std::ofstream(top_ / "outside/file") << "not yours\n";
    std::ofstream(top_ / "root/dir/deep/file") << "ours\n";
    fs::create_symlink("../../outside", top_ / "root/dir/link");
    fs::create_symlink("deep", top_ / "root/dir/inner");
    fs::create_symlink("deep/file", top_ / "root/dir/last");
    root_ = Fd(::open((top_ / "root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  /// 0 when it opens, else errno.
  int outcome(const std::string& path, int flags = O_RDONLY) {
    const Fd file(
        GetParam().open(root_.get(), path.c_str(), flags, (flags & O_CREAT) != 0 ? 0600 : 0));
    return file.ok() ? 0 : errno;
  }

  const test_support::OwnFolder own_{"beneath"};
  const fs::path top_ = own_.path();
  Fd root_;
};

TEST_P(Beneath, WhatIsThereOpens) {
  EXPECT_EQ(outcome("dir/deep/file"), 0);
  EXPECT_EQ(outcome("dir", O_PATH | O_DIRECTORY), 0);
  EXPECT_EQ(outcome(".", O_RDONLY | O_DIRECTORY), 0);
  EXPECT_EQ(outcome("dir/none"), ENOENT);
  EXPECT_EQ(outcome("dir/deep/new", O_WRONLY | O_CREAT | O_EXCL), 0);
  EXPECT_TRUE(fs::exists(top_ / "root/dir/deep/new"));
  EXPECT_EQ(outcome("dir/deep/new", O_WRONLY | O_CREAT | O_EXCL), EEXIST);
}

TEST_P(Beneath, NoLinkIsFollowed) {
  for (const char* path : {"dir/link/file", "dir/inner/file", "dir/last"}) {
    const int refused = outcome(path);
    EXPECT_TRUE(refused == ELOOP || refused == ENOTDIR) << path << ": " << refused;
  }
  EXPECT_NE(outcome("dir/link/new", O_WRONLY | O_CREAT | O_EXCL), 0);
  EXPECT_FALSE(fs::exists(top_ / "outside/new"));
}

TEST_P(Beneath, NoPathLeadsOut) {
  for (const char* path : {"..", "../outside/file", "dir/../../outside/file", "dir/deep/.."}) {
    const int refused = outcome(path);
    const bool inside = std::string(path) == "dir/deep/.." && refused == 0;
    EXPECT_TRUE(refused == EXDEV || inside) << path << ": " << refused;
  }
  EXPECT_EQ(outcome((top_ / "outside/file").string()), EXDEV);
}

INSTANTIATE_TEST_SUITE_P(All, Beneath,
                         ::testing::Values(Way{"Kernel", open_beneath},
                                           Way{"StepByStep", open_step_by_step}),
                         [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace worktrees

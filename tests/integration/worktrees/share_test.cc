// Where the file system can share blocks, a new worktree has the large files of another without
// taking room for them; what one of the two writes afterwards is its own.
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "tests/integration/worktrees/recycling.h"

namespace worktrees::test {
namespace {

class Share : public Recycle, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    Recycle::SetUp();
    if (::geteuid() != 0) {
      GTEST_SKIP() << "only root may mount a file system of its own";
    }
    const std::string kind = GetParam();
    const std::string make = "mkfs." + kind;
    if (run_program({"sh", "-c", "command -v " + make}, top, top).exit_code != 0) {
      GTEST_SKIP() << make << " is not installed";
    }
    write(top + "/image", "");
    fs::resize_file(top + "/image", std::uintmax_t{400} << 20U);
    fs::create_directories(top + "/disk");
    const GitOutput made = run_program({make, "-q", top + "/image"}, top, top);
    ASSERT_EQ(made.exit_code, 0) << made.text;
    const GitOutput done =
        run_program({"mount", "-o", "loop", top + "/image", top + "/disk"}, top, top);
    if (done.exit_code != 0) {
      GTEST_SKIP() << "no " << kind << " here: " << done.text;
    }
    mounted_ = true;
    options.root = top + "/disk/state";
    make_workspace();
    large_ = std::string(std::size_t{1} << 20U, 'a') + "end\n";
    commit_seed({{"large", large_}, {"small", "small\n"}}, "two files");
  }
  void TearDown() override {
    workspace.reset();
    if (mounted_) {
      EXPECT_EQ(run_program({"umount", top + "/disk"}, top, top).exit_code, 0);
    }
    Recycle::TearDown();
  }

  /// The first blocks of the file are those of another one, too.
  static bool is_shared(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    ::fsync(file);
    union {
      fiemap map;
      char room[sizeof(fiemap) + sizeof(fiemap_extent)];
    } asked{};
    asked.map.fm_length = FIEMAP_MAX_OFFSET;
    asked.map.fm_extent_count = 1;
    EXPECT_EQ(::ioctl(file, FS_IOC_FIEMAP, &asked.map), 0);
    ::close(file);
    return asked.map.fm_mapped_extents == 1 &&
           (asked.map.fm_extents[0].fe_flags & FIEMAP_EXTENT_SHARED) != 0;
  }

  bool mounted_ = false;
  std::string large_;
};

INSTANTIATE_TEST_SUITE_P(On, Share, ::testing::Values("xfs", "btrfs"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(Share, LargeFilesTakeNoRoomOfTheirOwn) {
  const std::string first = next_run().path;
  EXPECT_FALSE(is_shared(first + "/large"));
  const std::string second = next_run().path;
  ASSERT_NE(first, second);
  EXPECT_TRUE(is_shared(second + "/large"));
  EXPECT_FALSE(is_shared(second + "/small"));
  expect_as_new(second);
  write(first + "/large", "mine\n");
  EXPECT_EQ(read(second + "/large"), large_);
  write(second + "/large", "other\n");
  EXPECT_EQ(read(first + "/large"), "mine\n");
}

TEST_P(Share, WhatIsNotRightIsNotShared) {
  const std::string first = next_run().path;
  std::string spoilt = large_;
  spoilt[1000] = 'b';
  write(first + "/large", spoilt);
  const std::string second = next_run().path;
  EXPECT_FALSE(is_shared(second + "/large"));
  expect_as_new(second);
}

}  // namespace
}  // namespace worktrees::test

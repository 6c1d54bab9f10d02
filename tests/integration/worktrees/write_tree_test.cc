#include "worktrees/write_tree.h"

#include <fcntl.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/own_folder.h"
#include "worktrees/fd.h"
#include "worktrees/objects/store.h"

namespace worktrees {
namespace {

namespace fs = std::filesystem;

/// A folder that somebody still works in while it is written: `dir`, which was a directory when it
/// was looked at, leads out of it now.
class Swapped : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(top_ / "folder");
    fs::create_directories(top_ / "outside");
    fs::create_directories(top_ / "objects/pack");
    fs::create_symlink("../outside", top_ / "folder/dir");
    list_.directories.resize(2);
    list_.directories[0].path_at = list_.keep_path("");
    list_.directories[1].path_at = list_.keep_path("dir");
    list_.directories[1].path_size = list_.directories[1].name_size = 3;
  }

  jobs::Status write() {
    const Fd root(::open((top_ / "folder").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto store = objects::Store::open((top_ / "objects").string());
    objects::AnyObject reader(store, nullptr);
    auto converter = Converter::open({}, reader, nullptr, {}, {});
    Present present;
    present.directories = {true, true};
    const auto written = write_tree({.list = list_,
                                     .store = store,
                                     .odb = nullptr,
                                     .root = root.get(),
                                     .converter = *converter},
                                    std::move(present));
    return written ? jobs::ok() : jobs::Status(written.error());
  }
  void expect_refused() {
    const jobs::Status status = write();
    EXPECT_FALSE(status);
    EXPECT_TRUE(fs::is_empty(top_ / "outside")) << "written through a link";
  }

  const test_support::OwnFolder own_{"write-tree"};
  const fs::path top_ = own_.path();
  TreeList list_;
};

TEST_F(Swapped, NoDirectoryIsMadeThroughALink) {
  TreeList::Directory below{.parent = 1};
  below.path_at = list_.keep_path("dir/below");
  below.path_size = 9;
  below.name_size = 5;
  list_.directories.push_back(below);
  expect_refused();
}

TEST_F(Swapped, NoSubmoduleIsMadeThroughALink) {
  TreeList::File file{.mode = GIT_FILEMODE_COMMIT, .path_size = 7, .directory = 1};
  file.path_at = list_.keep_path("dir/sub");
  list_.files.push_back(file);
  expect_refused();
}

}  // namespace
}  // namespace worktrees

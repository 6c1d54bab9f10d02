#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "runner/process/leftovers.h"
#include "tests/support/own_folder.h"

namespace runner::process {
namespace {

namespace fs = std::filesystem;

class Leftovers : public testing::Test {
 protected:
  Leftovers() {
    fs::create_directories(top_ + "/tree/deep/er");
    fs::create_directories(top_ + "/outside");
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode : 0;
  }
  void file(const std::string& path, mode_t mode) const {
    std::ofstream(top_ + path) << "x";
    ::chmod((top_ + path).c_str(), mode);
  }
  const test_support::OwnFolder own_{"leftovers"};
  const std::string top_ = own_.path().string();
};

TEST_F(Leftovers, SpecialFilesGoAndBitsAreTaken) {
  ASSERT_EQ(::mkfifo((top_ + "/tree/deep/er/a-fifo").c_str(), 0644), 0);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (top_ + "/tree/a-socket").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
  file("/tree/run.sh", 06755);
  file("/tree/plain.sh", 0755);
  const Stripped result = strip_worktree(top_ + "/tree");
  EXPECT_EQ(result.special, 2);
  EXPECT_EQ(result.set_id, 1);
  EXPECT_EQ(result.failed, 0);
  EXPECT_EQ(mode_of(top_ + "/tree/deep/er/a-fifo"), 0U);
  EXPECT_EQ(mode_of(top_ + "/tree/a-socket"), 0U);
  EXPECT_EQ(mode_of(top_ + "/tree/run.sh"), S_IFREG | 0755U);
  EXPECT_EQ(mode_of(top_ + "/tree/plain.sh"), S_IFREG | 0755U);
  const std::string text = to_text(result);
  EXPECT_TRUE(text.starts_with("removed 2 special files, took set-uid and set-gid from 1 ("));
  EXPECT_NE(text.find("deep/er/a-fifo"), std::string::npos) << text;
}

TEST_F(Leftovers, Invariant11_NoLinkIsFollowedOutside) {
  file("/outside/set-uid", 04755);
  ASSERT_EQ(::mkfifo((top_ + "/outside/pipe").c_str(), 0644), 0);
  fs::create_symlink(top_ + "/outside", top_ + "/tree/folder");
  fs::create_symlink(top_ + "/outside/set-uid", top_ + "/tree/file");
  fs::create_symlink("loop", top_ + "/tree/loop");
  EXPECT_EQ(to_text(strip_worktree(top_ + "/tree")), "");
  EXPECT_EQ(mode_of(top_ + "/outside/set-uid") & 07000U, 04000U);
  EXPECT_TRUE(S_ISFIFO(mode_of(top_ + "/outside/pipe")));
}

TEST_F(Leftovers, NamesCannotSpeakAndDeepFoldersAreWalked) {
  ASSERT_EQ(::mkfifo((top_ + "/tree/\x1b[2Ja\nb").c_str(), 0644), 0);
  const int here = ::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::chdir((top_ + "/tree").c_str()), 0);
  const std::string name(200, 'd');
  for (int level = 0; level < 40; ++level) {
    ASSERT_EQ(::mkdir(name.c_str(), 0755), 0);
    ASSERT_EQ(::chdir(name.c_str()), 0);
  }
  ASSERT_EQ(::mkfifo("at-the-bottom", 0644), 0);
  ASSERT_EQ(::fchdir(here), 0);
  ::close(here);
  const Stripped result = strip_worktree(top_ + "/tree");
  EXPECT_EQ(result.special, 2);
  const std::string text = to_text(result);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST_F(Leftovers, AFolderThatIsGoneHasNothing) {
  EXPECT_EQ(to_text(strip_worktree(top_ + "/nowhere")), "");
}

TEST_F(Leftovers, SettingsOfAgentsAreFoundByName) {
  EXPECT_TRUE(agent_settings(top_ + "/tree").empty());
  fs::create_directories(top_ + "/tree/.claude");
  file("/tree/.claude/settings.json", 0644);
  file("/tree/.mcp.json", 0644);
  file("/tree/AGENTS.md", 0644);
  fs::create_symlink("/nowhere", top_ + "/tree/opencode.json");
  EXPECT_EQ(agent_settings(top_ + "/tree"),
            (std::vector<std::string>{".claude/settings.json", ".mcp.json", "opencode.json"}));
}

}  // namespace
}  // namespace runner::process

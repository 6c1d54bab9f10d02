#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "runner/process/files.h"
#include "runner/process/identity.h"
#include "runner/process/launch.h"
#include "runner/process/turn_clock.h"
#include "tests/support/own_folder.h"
#include "tests/support/signals.h"

namespace runner::process {
namespace {

namespace fs = std::filesystem;

TEST(ProcessIdentity, OwnIsAlive) {
  EXPECT_EQ(life_of(own_identity()), Life::alive);
}

TEST(ProcessIdentity, PidAloneIsNotTrusted) {
  auto other_start = own_identity();
  ++other_start.start_time;
  EXPECT_EQ(life_of(other_start), Life::dead);
  auto other_boot = own_identity();
  other_boot.boot_id = "00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(life_of(other_boot), Life::dead);
  auto other_host = other_boot;
  other_host.host = "elsewhere";
  EXPECT_EQ(life_of(other_host), Life::elsewhere);
  auto other_namespace = own_identity();
  other_namespace.pid_namespace = "pid:[1]";
  EXPECT_EQ(life_of(other_namespace), Life::elsewhere);
  Identity nobody = own_identity();
  nobody.pid = 0;
  EXPECT_EQ(life_of(nobody), Life::dead);
}

TEST(ProcessIdentity, AgeIsTheTimeSinceTheStart) {
  const std::int64_t before = elapsed();
  Identity first = own_identity();
  first.start_time = 0;  // with the machine
  EXPECT_GE(age_of(first), before);
  EXPECT_LE(age_of(first), elapsed());
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  Identity young = own_identity();
  young.start_time = stat_of(child).start_time;
  EXPECT_LE(age_of(young), elapsed() - before + 20) << "a start is written down in 10 ms";
  EXPECT_GE(age_of(young), 0);
  EXPECT_EQ(test_support::send_signal(child, SIGKILL), 0);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST(ProcessIdentity, ZombiesAreDead) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[1]);
    char byte = 0;
    (void)!::read(ends[0], &byte, 1);
    ::_exit(0);
  }
  ::close(ends[0]);
  auto identity = own_identity();
  identity.pid = child;
  identity.start_time = stat_of(child).start_time;
  EXPECT_EQ(life_of(identity), Life::alive);
  const auto family = descendants_of(::getpid());
  EXPECT_NE(std::ranges::find(family, child), family.end());
  ::close(ends[1]);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(life_of(identity), Life::dead);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(life_of(identity), Life::dead);
}

class FindProgram : public testing::Test {
 protected:
  FindProgram() {
    for (const char* folder : {"one", "two"}) {
      fs::create_directory(folder_ / folder);
      std::ofstream(folder_ / folder / "tool") << "#!/bin/sh\n";
    }
    fs::permissions(folder_ / "two/tool", fs::perms::owner_all);
    path_ = (folder_ / "one").string() + ":" + (folder_ / "two").string();
  }

  const test_support::OwnFolder own_{"find-program"};
  const fs::path folder_ = own_.path();
  std::string path_;
};

TEST_F(FindProgram, TakesTheFirstThatCanRun) {
  EXPECT_EQ(*find_program("tool", path_, "/"), (folder_ / "two/tool").string());
  EXPECT_EQ(*find_program("two/tool", "", folder_.string()), folder_.string() + "/two/tool");
}

TEST_F(FindProgram, SaysWhetherItIsMissingOrRefused) {
  EXPECT_EQ(find_program("nothing", path_, "/").error().kind, jobs::ErrorKind::not_found);
  EXPECT_EQ(find_program("", path_, "/").error().kind, jobs::ErrorKind::not_found);
  EXPECT_EQ(find_program("tool", (folder_ / "one").string(), "/").error().kind,
            jobs::ErrorKind::denied);
  EXPECT_EQ(find_program(folder_.string(), path_, "/").error().kind, jobs::ErrorKind::denied);
}

TEST_F(FindProgram, Invariant11_TheWorktreeIsNotOnThePath) {
  EXPECT_FALSE(find_program("tool", ".::two", (folder_ / "two").string()));
}

TEST_F(FindProgram, FilesAppearWholeAndOnce) {
  const auto file = (folder_ / "once").string();
  ASSERT_TRUE(write_once(file, "first"));
  const auto second = write_once(file, "second");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, jobs::ErrorKind::conflict);
  EXPECT_EQ(*read_small(file, 100), "first");
  EXPECT_FALSE(read_small(file, 4));
  EXPECT_EQ(read_end(file, 2), "st");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 3);
}

}  // namespace
}  // namespace runner::process

// State folders that cannot be written or must not be.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/support/contains.h"
#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

namespace fs = std::filesystem;

void make_fleet(SmallFleet& fleet) {
  fleet.scripted("coder", {"commits", "1"});
  fleet.repo("acme/shop", "coder");
  fleet.write();
}

std::string state_file(const SmallFleet& fleet) {
  return fleet.folder() + "/state/state.db";
}

void refuses_and_leaves(const SmallFleet& fleet, const std::string& word) {
  fleet.issue("acme/shop", 1);
  const std::string before = content_of(state_file(fleet));
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"tick"}, {"tick", "--dry-run"}, {"runs"}, {"status"}, {"pause"}}) {
    const Answer answer = fleet.run(words);
    EXPECT_EQ(answer.exit_code, 4) << words.back() << answer.out << answer.error;
    EXPECT_TRUE(contains(answer.error, "state.db")) << answer.error;
    EXPECT_TRUE(contains(answer.error, word)) << answer.error;
    EXPECT_TRUE(contains(answer.error, "next:")) << answer.error;
  }
  EXPECT_TRUE(content_of(state_file(fleet)) == before) << "the bytes must stay as found";
  EXPECT_EQ(fleet.agent_starts(), 0);
}

TEST(BadState, Invariant13_EmptyFileIsNotTakenForNew) {
  SmallFleet fleet;
  make_fleet(fleet);
  write_file(state_file(fleet), "");
  refuses_and_leaves(fleet, "empty");
}

TEST(BadState, Invariant13_GarbageIsLeftAlone) {
  SmallFleet fleet;
  make_fleet(fleet);
  write_file(state_file(fleet), std::string(8192, 'z'));
  refuses_and_leaves(fleet, "database");
}

TEST(BadState, Invariant13_NewerSchemaIsLeftAlone) {
  SmallFleet fleet;
  make_fleet(fleet);
  ASSERT_EQ(fleet.tick().exit_code, 0);
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(state_file(fleet).c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database,
                         "INSERT INTO schema_migrations(name, applied_at, digest) "
                         "VALUES('9999-of-the-future', 0, 'x')",
                         nullptr, nullptr, nullptr),
            SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
  refuses_and_leaves(fleet, "newer");
}

/// Runs a script as root in a mount namespace of its own; `reason` says why that cannot be.
std::string with_mounts(const SmallFleet& fleet, const std::string& script) {
  return fleet.shell_output(
      "unset RUNNER_KILL_SWITCH RUNNER_MANIFESTS; export RUNNER_BUBBLEWRAP=/nonexistent R=\"" +
      std::string(std::getenv("RUNNER_BINARY")) + "\"; unshare -m /bin/sh -c '" + script + "'");
}

bool can_mount(const SmallFleet& fleet) {
  return geteuid() == 0 &&
         with_mounts(fleet, "mount -t tmpfs none remotes && echo mounted") == "mounted";
}

TEST(BadState, ReadOnlyFolderIsNamedAndNothingStarts) {
  SmallFleet fleet;
  make_fleet(fleet);
  ASSERT_EQ(fleet.tick().exit_code, 0);
  fleet.issue("acme/shop", 1);
  std::string said;
  if (geteuid() != 0) {
    fs::permissions(fleet.folder() + "/state", fs::perms::owner_read | fs::perms::owner_exec);
    const Answer answer = fleet.tick();
    said = answer.out + answer.error + "code " + std::to_string(answer.exit_code);
    fs::permissions(fleet.folder() + "/state", fs::perms::owner_all);
  } else if (can_mount(fleet)) {
    said = with_mounts(fleet,
                       "mount --bind state state && mount -o remount,bind,ro state && $R tick; "
                       "echo code $?");
  } else {
    GTEST_SKIP() << "root ignores modes, and mounts are not allowed here";
  }
  EXPECT_TRUE(contains(said, "error:") && contains(said, "state")) << said;
  EXPECT_TRUE(contains(said, "code 1") || contains(said, "code 75")) << said;
  EXPECT_EQ(fleet.agent_starts(), 0);
  ASSERT_TRUE(fleet.tick_until_quiet(30)) << "writable again, it goes on";
  EXPECT_EQ(fleet.run_of("acme/shop").outcome, "landed");
}

TEST(BadState, FullDiskIsNamedAndLosesNothing) {
  SmallFleet fleet;
  make_fleet(fleet);
  if (!can_mount(fleet)) {
    GTEST_SKIP() << "a small disk needs root and mounts";
  }
  fleet.issue("acme/shop", 1);
  const std::string fresh = with_mounts(
      fleet, "mkdir -p state && mount -t tmpfs -o size=16k none state && $R tick; echo code $?");
  EXPECT_FALSE(contains(fresh, "code 0")) << fresh;
  EXPECT_TRUE(contains(fresh, "error:")) << fresh;
  ASSERT_TRUE(fleet.tick_until_quiet(30));
  ASSERT_EQ(fleet.run_of("acme/shop").outcome, "landed");
  fleet.issue("acme/shop", 2);
  // The same state on a disk that has nothing left: it is refused, and can be read as before.
  const std::string full = with_mounts(
      fleet,
      "mkdir small && mount -t tmpfs -o size=64m none small && cp -a state/. small && "
      "mount --bind small state && { dd if=/dev/zero of=small/filler bs=4k 2>/dev/null; "
      "$R tick; echo code $?; $R runs; echo code $?; rm small/filler; $R tick; echo code $?; }");
  EXPECT_TRUE(contains(full, "error:") || contains(full, "\"problem\"")) << full;
  EXPECT_TRUE(contains(full, "landed")) << full;
  EXPECT_TRUE(full.ends_with("code 0")) << full;
  EXPECT_TRUE(fleet.wait_for_starts(2)) << full << "it did not go on when there was room again";
}

}  // namespace
}  // namespace test_support

// Disks that are full, fail, or may not be written.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/store/faulty_vfs.h"
#include "tests/integration/store/sample_state.h"

namespace store_tests {

namespace {

using jobs::ErrorKind;
using std::chrono::minutes;
using Operation = FaultyVfs::Operation;

class StoreDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    auto options = options_for(scratch_.path());
    options.vfs = FaultyVfs::kName;
    FaultyVfs::instance().hook = {};
    auto store = runner::store::open_store(options);
    ASSERT_TRUE(succeeded(store));
    store_ = *std::move(store);
    const auto lease = store_->acquire_lease("worker", at(0), minutes(5));
    ASSERT_TRUE(succeeded(lease));
    lease_ = *lease;
    ASSERT_TRUE(succeeded(store_->begin_tick(lease_, tick_row("t1"))));
  }
  void TearDown() override { FaultyVfs::instance().hook = {}; }

  jobs::Status start(int number) {
    jobs::Change change;
    change.runs = {sample_run(number)};
    return store_->commit(lease_, jobs::TickId("t1"), change);
  }
  static void fail(Operation what, int code) {
    FaultyVfs::instance().hook = [=](Operation operation) {
      return operation == what ? code : SQLITE_OK;
    };
  }
  /// As the next process sees it.
  std::size_t runs_on_disk() {
    store_.reset();
    FaultyVfs::instance().hook = {};
    const auto again = runner::store::open_store(options_for(scratch_.path()));
    EXPECT_TRUE(succeeded(again));
    return again ? (*again)->runs({})->size() : 99;
  }

  Scratch scratch_;
  std::unique_ptr<jobs::Store> store_;
  jobs::Lease lease_;
};

TEST_F(StoreDisk, FailedSyncStopsEveryFurtherWrite) {
  ASSERT_TRUE(succeeded(start(1)));
  fail(Operation::sync, SQLITE_IOERR_FSYNC);
  EXPECT_TRUE(failed_with(ErrorKind::transient, start(2)));
  FaultyVfs::instance().hook = {};
  const auto later = start(3);
  ASSERT_TRUE(failed_with(ErrorKind::transient, later))
      << "after a failed sync nothing that was written can be trusted";
  EXPECT_NE(later.error().text().find("further write"), std::string::npos) << later.error().text();
  EXPECT_TRUE(failed_with(ErrorKind::transient, store_->release_lease(lease_)));
  EXPECT_EQ(runs_on_disk(), 1U);
}

TEST_F(StoreDisk, FailedWriteLosesOnlyTheStep) {
  ASSERT_TRUE(succeeded(start(1)));
  fail(Operation::write, SQLITE_IOERR_WRITE);
  EXPECT_TRUE(failed_with(ErrorKind::transient, start(2)));
  EXPECT_EQ(runs_on_disk(), 1U);
}

TEST_F(StoreDisk, FullDiskIsTransientAndPasses) {
  ASSERT_TRUE(succeeded(start(1)));
  fail(Operation::write, SQLITE_FULL);
  const auto full = start(2);
  ASSERT_TRUE(failed_with(ErrorKind::transient, full));
  EXPECT_NE(full.error().message.find("full"), std::string::npos) << full.error().message;
  FaultyVfs::instance().hook = {};
  EXPECT_TRUE(succeeded(start(3))) << "when there is space again";
  EXPECT_EQ(runs_on_disk(), 2U);
}

TEST_F(StoreDisk, JournalThatCannotBeRemovedIsNoSuccess) {
  fail(Operation::remove, SQLITE_IOERR_DELETE);
  EXPECT_TRUE(failed_with(ErrorKind::transient, start(1)));
  EXPECT_EQ(runs_on_disk(), 0U);
}

// The real thing, not the file layer's answer: the kernel refuses to let the file grow.
TEST_F(StoreDisk, FileSizeLimitIsTransient) {
  struct stat before{};
  ASSERT_EQ(::stat((scratch_.path() + "/state.db").c_str(), &before), 0);
  store_.reset();
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{static_cast<rlim_t>(before.st_size), static_cast<rlim_t>(before.st_size)};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto store = runner::store::open_store(options_for(scratch_.path()));
    const auto lease = (*store)->acquire_lease("worker", at(400), minutes(5));
    if (!lease) {
      ::_exit(2);
    }
    jobs::Change change;
    for (int i = 1; i <= 50; ++i) {
      change.runs.push_back(sample_run(i));
      change.runs.back().body = std::string(9000, 'x');
    }
    const auto done = (*store)->commit(*lease, jobs::TickId("t1"), change);
    ::_exit(!done && done.error().kind == ErrorKind::transient ? 0 : 3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(runs_on_disk(), 0U);
}

TEST(StoreFolder, ReadOnlyFolderIsDenied) {
  const Scratch scratch;
  ASSERT_TRUE(succeeded(runner::store::open_store(options_for(scratch.path() + "/old"))));
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0555), 0);
  ASSERT_EQ(::chmod((scratch.path() + "/old").c_str(), 0555), 0);
  ASSERT_EQ(::chmod((scratch.path() + "/old/state.db").c_str(), 0444), 0);
  ASSERT_EQ(::chmod((scratch.path() + "/old/state.lock").c_str(), 0444), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setuid(65534) != 0) {  // root may write everywhere
      ::_exit(9);
    }
    const auto fresh = runner::store::open_store(options_for(scratch.path() + "/new"));
    const auto old = runner::store::open_store(options_for(scratch.path() + "/old"));
    const auto reader = runner::store::open_store_read_only(scratch.path() + "/old");
    int wrong = 0;
    wrong +=
        !fresh && fresh.error().kind == ErrorKind::denied && !fresh.error().hint.empty() ? 0 : 1;
    wrong += !old && old.error().kind == ErrorKind::denied && !old.error().hint.empty() ? 0 : 2;
    wrong += reader && (*reader)->runs({}) ? 0 : 4;
    ::_exit(wrong);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::chmod(scratch.path().c_str(), 0755);
  ::chmod((scratch.path() + "/old").c_str(), 0755);
  // The mkdtemp folder is private; where its parent keeps others out the child cannot even look.
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(StoreFolder, FileInThePlaceOfTheFolderIsRefused) {
  const Scratch scratch;
  write_bytes(scratch.path() + "/state", "a file");
  EXPECT_TRUE(failed_with(ErrorKind::usage,
                          runner::store::open_store(options_for(scratch.path() + "/state"))));
  EXPECT_EQ(bytes_of(scratch.path() + "/state"), "a file");
}

TEST(StoreFolder, NetworkFileSystemIsRefused) {
  const Scratch scratch;
  for (const char* type : {"nfs", "smb2", "cifs", "ceph", "9p", "fuse.sshfs", "fuse", "virtiofs"}) {
    auto options = options_for(scratch.path());
    options.file_system_of = [type](const std::string&) { return std::string(type); };
    const auto store = runner::store::open_store(options);
    ASSERT_TRUE(failed_with(ErrorKind::denied, store)) << type;
    EXPECT_NE(store.error().message.find(type), std::string::npos) << store.error().message;
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path())) << "refused before anything is made";
  for (const char* type :
       {"ext4", "xfs", "tmpfs", "overlay", "fuseblk", "fuse.fuse-overlayfs", ""}) {
    auto options = options_for(scratch.path());
    options.file_system_of = [type](const std::string&) { return std::string(type); };
    EXPECT_TRUE(succeeded(runner::store::open_store(options))) << type;
  }
}

TEST(StoreFolder, StateIsForItsUserAlone) {
  const Scratch scratch;
  ASSERT_TRUE(succeeded(runner::store::open_store(options_for(scratch.path() + "/a/state"))));
  for (const char* name : {"", "/state.db", "/state.lock"}) {
    struct stat info{};
    ASSERT_EQ(::stat((scratch.path() + "/a/state" + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 077, 0U) << name;
  }
}

TEST(StoreFolder, HalfMadeStateIsMadeAgain) {
  const Scratch scratch;
  write_bytes(scratch.path() + "/state.db.creating", "half of a database");
  const auto store = runner::store::open_store(options_for(scratch.path()));
  ASSERT_TRUE(succeeded(store));
  EXPECT_TRUE((*store)->runs({})->empty());
  EXPECT_FALSE(std::filesystem::exists(scratch.path() + "/state.db.creating"));
}

}  // namespace

}  // namespace store_tests

// Files that are put in the state's place, and steps that were cut off in a file that is damaged.
#include <filesystem>

#include "tests/integration/store/sample_state.h"

namespace store_tests {

namespace {

using jobs::ErrorKind;
using std::chrono::minutes;

jobs::Status one_tick(const std::string& folder, const std::string& id) {
  RUNNER_ASSIGN(const auto store, runner::store::open_store(options_for(folder)));
  RUNNER_ASSIGN(const auto lease, store->acquire_lease("worker", at(10), minutes(5)));
  RUNNER_TRY(store->begin_tick(lease, tick_row(id)));
  return store->release_lease(lease);
}

jobs::Status look(const std::string& folder) {
  RUNNER_ASSIGN(const auto reader, runner::store::open_store_read_only(folder));
  RUNNER_TRY(everything(*reader));
  return jobs::ok();
}

class StorePutBack : public ::testing::Test {
 protected:
  StorePutBack() {
    EXPECT_TRUE(succeeded(one_tick(folder, "t1")));
    older = bytes_of(path);
    EXPECT_TRUE(succeeded(one_tick(folder, "t2")));
  }
  Scratch scratch;
  std::string folder = scratch.path();
  std::string path = folder + "/state.db";
  std::string lock = folder + "/state.lock";
  std::string older;
};

TEST_F(StorePutBack, Invariant13_OlderCopyIsNoticedAndNotWritten) {
  write_bytes(path, older);
  const auto worked = one_tick(folder, "t3");
  ASSERT_TRUE(failed_with(ErrorKind::corrupt, worked));
  EXPECT_NE(worked.error().message.find("older than the state that was here"), std::string::npos)
      << worked.error().message;
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, look(folder)));
  EXPECT_TRUE(bytes_of(path) == older);
}

TEST_F(StorePutBack, TheSameFileComesBackAsItWas) {
  const std::string newest = bytes_of(path);
  std::filesystem::remove(path);
  write_bytes(path, newest);
  EXPECT_TRUE(succeeded(look(folder)));
  EXPECT_TRUE(succeeded(one_tick(folder, "t3")));
}

TEST_F(StorePutBack, AStateThatIsGoneIsNotMadeAnew) {
  std::filesystem::remove(path);
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, one_tick(folder, "t3")));
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, look(folder)));
  EXPECT_FALSE(std::filesystem::exists(path));
  std::filesystem::remove(lock);
  EXPECT_TRUE(succeeded(one_tick(folder, "t3"))) << "an empty folder gets an empty state";
}

// The mark is a second witness and not the state: without it everything goes on.
TEST_F(StorePutBack, MarkThatCannotBeReadIsNoMark) {
  for (const std::string& content : {std::string(), std::string("garbage"), std::string(64, '\0'),
                                     std::string("step 9999999999999999999 0123456789abcdef\n")}) {
    write_bytes(lock, content);
    EXPECT_TRUE(succeeded(look(folder))) << content;
  }
  EXPECT_TRUE(succeeded(one_tick(folder, "t3")));
  write_bytes(path, older);
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, look(folder))) << "the mark was not written again";
}

TEST_F(StorePutBack, StepThatChangesNothingIsNoStep) {
  const auto store = runner::store::open_store(options_for(folder));
  ASSERT_TRUE(succeeded(store));
  const std::string before = bytes_of(path);
  EXPECT_TRUE(succeeded((*store)->clear_pause("ann", at(11))));
  EXPECT_TRUE(succeeded((*store)->release_lease({.owner = "somebody", .epoch = 1})));
  EXPECT_TRUE(bytes_of(path) == before);
}

TEST_F(StorePutBack, FileReplacedUnderAnOpenStoreIsNotWrittenAround) {
  const auto store = runner::store::open_store(options_for(folder));
  ASSERT_TRUE(succeeded(store));
  const auto lease = (*store)->acquire_lease("worker", at(20), minutes(5));
  ASSERT_TRUE(succeeded(lease));
  const std::string now = bytes_of(path);
  write_bytes(path + ".new", now);
  std::filesystem::rename(path + ".new", path);
  EXPECT_TRUE(failed_with(ErrorKind::conflict, (*store)->begin_tick(*lease, tick_row("t3"))));
  EXPECT_TRUE(bytes_of(path) == now);
}

/// A step that was cut off in the middle: pages of it are in the file, the journal knows the old
/// ones.
class StoreCutOff : public ::testing::Test {
 protected:
  StoreCutOff() {
    {
      auto store = runner::store::open_store(options_for(folder));
      EXPECT_TRUE(succeeded(store));
      fill(**store);
    }
    sound = bytes_of(path);
    cut_off("CREATE TABLE undone(x)");
  }
  /// Makes `torn` and `journal` anew: a step that ends with `last` before it is cut off.
  void cut_off(const std::string& last) {
    write_bytes(path, sound);
    std::filesystem::remove(path + "-journal");
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    // No text gets longer: that would take new pages, and the first page counts them.
    const std::string step =
        "PRAGMA cache_size=2; PRAGMA synchronous=FULL; BEGIN IMMEDIATE;"
        "UPDATE runs SET title = 'x' || substr(title, 2); UPDATE outbox SET text = 'y';"
        "UPDATE ledger SET usd = usd + 1; UPDATE turns SET agent = 'z';" +
        last;
    EXPECT_EQ(sqlite3_exec(handle, step.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    torn = bytes_of(path);
    journal = bytes_of(path + "-journal");
    sqlite3_close(handle);
    EXPECT_NE(torn, sound) << "nothing of the step reached the file";
  }
  void put(const std::string& database, const std::string& beside) {
    write_bytes(path, database);
    write_bytes(path + "-journal", beside);
  }
  [[nodiscard]] bool unchanged(const std::string& database, const std::string& beside) const {
    return bytes_of(path) == database && bytes_of(path + "-journal") == beside &&
           !std::filesystem::exists(path + ".checking") &&
           !std::filesystem::exists(path + ".checking-journal");
  }
  Scratch scratch;
  std::string folder = scratch.path();
  std::string path = folder + "/state.db";
  std::string lock = folder + "/state.lock";
  std::string sound;
  std::string torn;
  std::string journal;
};

TEST_F(StoreCutOff, TheStepIsUndone) {
  put(torn, journal);
  auto store = runner::store::open_store(options_for(folder));
  ASSERT_TRUE(succeeded(store));
  EXPECT_TRUE(succeeded((*store)->runs({})));
  EXPECT_TRUE(bytes_of(path) == sound);
  EXPECT_FALSE(std::filesystem::exists(path + ".checking"));
}

TEST_F(StoreCutOff, Invariant13_DamagedJournalChangesNothing) {
  for (std::size_t place = 0; place < journal.size(); place += 4999) {
    std::string bad = journal;
    bad[place] = static_cast<char>(bad[place] ^ 0x10);
    put(torn, bad);
    const auto store = runner::store::open_store(options_for(folder));
    if (store) {
      EXPECT_TRUE(succeeded(everything(**store))) << "byte " << place;
    } else {
      EXPECT_TRUE(failed_with(ErrorKind::corrupt, store)) << "byte " << place;
      EXPECT_TRUE(unchanged(torn, bad)) << "byte " << place;
    }
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{28}, journal.size() / 2}) {
    put(torn, journal.substr(0, size));
    EXPECT_TRUE(failed_with(ErrorKind::corrupt, one_tick(folder, "t9"))) << size;
    EXPECT_TRUE(unchanged(torn, journal.substr(0, size))) << size;
  }
}

TEST_F(StoreCutOff, Invariant13_DamagedStateIsNotWrittenByUndoingAStep) {
  std::string bad = torn;
  const std::size_t place = bad.find("acme/repo17");
  ASSERT_NE(place, std::string::npos);
  int noticed = 0;
  for (std::size_t at = place; at != std::string::npos; at = torn.find("acme/repo17", at + 1)) {
    bad = torn;
    bad[at + 3] ^= 1;
    put(bad, journal);
    if (const auto store = runner::store::open_store(options_for(folder)); !store) {
      EXPECT_TRUE(failed_with(ErrorKind::corrupt, store));
      EXPECT_TRUE(unchanged(bad, journal));
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 0);
}

// A journal that knows the first page mends its header; one that does not leaves it as it is, and
// what cannot be written afterwards is noticed before the step is undone.
TEST_F(StoreCutOff, Invariant13_DamagedHeaderIsMendedOrChangesNothing) {
  const std::string mark = bytes_of(lock);
  for (const bool knows_first_page : {true, false}) {
    cut_off(knows_first_page ? "CREATE TABLE undone(x)" : "SELECT 1");
    int mended = 0;
    int refused = 0;
    for (std::size_t place = 16; place < 24; ++place) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string bad = torn;
        bad[place] = static_cast<char>(bad[place] ^ (1 << bit));
        put(bad, journal);
        write_bytes(lock, mark);
        const auto worked = one_tick(folder, "t9");
        ++(worked ? mended : refused);
        if (!worked) {
          EXPECT_TRUE(failed_with(ErrorKind::corrupt, worked));
          EXPECT_TRUE(unchanged(bad, journal)) << "bit " << bit << " of byte " << place;
        }
      }
    }
    EXPECT_GT(knows_first_page ? mended : refused, 48);
  }
}

TEST_F(StoreCutOff, Invariant13_JournalOfAnotherFileChangesNothing) {
  const std::string other = folder + "/other.db";
  edit(other, "CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(60000));");
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(other.c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle,
                         "PRAGMA cache_size=2; BEGIN IMMEDIATE; UPDATE t SET x = randomblob(60000)",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  const std::string foreign = bytes_of(other + "-journal");
  sqlite3_close(handle);
  put(sound, foreign);
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, one_tick(folder, "t9")));
  EXPECT_TRUE(unchanged(sound, foreign));
}

}  // namespace

}  // namespace store_tests

// Opening: reading without a trace, newer and older schemas.
#include <map>

#include "runner/store/sqlite_store.h"
#include "tests/integration/store/sample_state.h"

namespace store_tests {

namespace {

using jobs::ErrorKind;
using runner::store::Migration;
using std::chrono::minutes;

std::map<std::string, std::string> all_files(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    files[entry.path().filename().string()] =
        entry.is_regular_file() ? bytes_of(entry.path().string()) : "";
  }
  return files;
}

std::vector<Migration> with(std::initializer_list<Migration> more) {
  std::vector<Migration> all(runner::store::all_migrations().begin(),
                             runner::store::all_migrations().end());
  all.insert(all.end(), more);
  return all;
}

constexpr Migration kSecond{"0999_notes", "CREATE TABLE notes(text TEXT NOT NULL) STRICT;"};

TEST(StoreOpen, Invariant7_ReadingWhereNothingIsMakesNothing) {
  const Scratch scratch;
  for (const std::string& folder : {scratch.path(), scratch.path() + "/missing/deep"}) {
    const auto reader = runner::store::open_store_read_only(folder);
    ASSERT_TRUE(succeeded(reader));
    EXPECT_TRUE((*reader)->runs({})->empty());
    EXPECT_FALSE(*(*reader)->pause());
    EXPECT_EQ((*reader)->spend({})->total(), jobs::Usage{});
    EXPECT_TRUE((*reader)->counters()->ticks.empty());
    EXPECT_TRUE(failed_with(ErrorKind::not_found, (*reader)->run("r0001")));
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(StoreOpen, Invariant7_ReadingChangesNoFile) {
  const Scratch scratch;
  {
    auto store = runner::store::open_store(options_for(scratch.path()));
    ASSERT_TRUE(succeeded(store));
    fill(**store);
  }
  std::filesystem::remove(scratch.path() + "/state.lock");
  const auto before = all_files(scratch.path());
  const auto time = std::filesystem::last_write_time(scratch.path() + "/state.db");
  {
    const auto reader = runner::store::open_store_read_only(scratch.path());
    ASSERT_TRUE(succeeded(reader));
    EXPECT_TRUE(succeeded(everything(**reader)));
    EXPECT_EQ(all_files(scratch.path()).size(), before.size()) << "also while it is open";
    EXPECT_EQ(dynamic_cast<jobs::Store*>(reader->get()) == nullptr ||
                  !dynamic_cast<jobs::Store*>(reader->get())->set_pause({}).has_value(),
              true)
        << "even forced to, it does not write";
  }
  EXPECT_TRUE(all_files(scratch.path()) == before);
  EXPECT_EQ(std::filesystem::last_write_time(scratch.path() + "/state.db"), time);
}

TEST(StoreOpen, ReaderSeesWhatAWriterCommitsMeanwhile) {
  const Scratch scratch;
  auto store = runner::store::open_store(options_for(scratch.path()));
  ASSERT_TRUE(succeeded(store));
  const auto reader = runner::store::open_store_read_only(scratch.path());
  ASSERT_TRUE(succeeded(reader));
  EXPECT_TRUE((*reader)->runs({})->empty());
  fill(**store);
  EXPECT_EQ((*reader)->runs({})->size(), 30U);
  EXPECT_EQ((*reader)->spend({})->total(), (*store)->spend({})->total());
}

TEST(StoreOpen, Invariant7_UnfinishedStepIsLeftToTheNextTick) {
  const Scratch scratch;
  {
    auto store = runner::store::open_store(options_for(scratch.path()));
    ASSERT_TRUE(succeeded(store));
    fill(**store);
  }
  // A journal as a writer leaves it that died after its first page: made by SQLite itself in a copy
  // that is never committed.
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open((scratch.path() + "/state.db").c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle,
                         "PRAGMA cache_size=1; BEGIN IMMEDIATE; UPDATE runs SET body = body || "
                         "'xxxx'; UPDATE outbox SET text = 'y'",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  const std::string database = bytes_of(scratch.path() + "/state.db");
  const std::string journal = bytes_of(scratch.path() + "/state.db-journal");
  sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(handle);
  const std::string good = bytes_of(scratch.path() + "/state.db");
  ASSERT_GT(journal.size(), 512U);
  ASSERT_TRUE(database != good) << "the cut-off step reached the file";
  write_bytes(scratch.path() + "/state.db", database);
  write_bytes(scratch.path() + "/state.db-journal", journal);

  const auto before = all_files(scratch.path());
  const auto read = [&]() -> jobs::Result<std::string> {
    RUNNER_ASSIGN(const auto reader, runner::store::open_store_read_only(scratch.path()));
    return everything(*reader);
  }();
  ASSERT_TRUE(failed_with(ErrorKind::transient, read));
  EXPECT_NE(read.error().text().find("run a tick"), std::string::npos) << read.error().text();
  EXPECT_TRUE(all_files(scratch.path()) == before);

  auto store = runner::store::open_store(options_for(scratch.path()));
  ASSERT_TRUE(succeeded(store));
  EXPECT_TRUE(succeeded(everything(**store)));
  EXPECT_EQ((*store)->run("r0001")->body, sample_run(1).body) << "the step is undone";
}

TEST(StoreOpen, Invariant13_NewerSchemaIsNeverWritten) {
  const Scratch scratch;
  const auto newer = with({kSecond});
  ASSERT_TRUE(succeeded(runner::store::open_store_with(options_for(scratch.path()), newer)));
  const auto before = all_files(scratch.path());
  const auto store = runner::store::open_store(options_for(scratch.path()));
  ASSERT_TRUE(failed_with(ErrorKind::corrupt, store));
  EXPECT_NE(store.error().message.find("0999_notes"), std::string::npos) << store.error().message;
  EXPECT_EQ(store.error().hint, "use the newer runner");
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, runner::store::open_store_read_only(scratch.path())));
  EXPECT_TRUE(all_files(scratch.path()) == before);
}

TEST(StoreOpen, OlderStateIsBackedUpAndMigrated) {
  const Scratch scratch;
  {
    auto store = runner::store::open_store(options_for(scratch.path()));
    ASSERT_TRUE(succeeded(store));
    fill(**store);
  }
  const auto newer = with({kSecond});
  const auto before = all_files(scratch.path());
  {
    const auto reader = runner::store::open_store_read_only_with(scratch.path(), newer);
    ASSERT_TRUE(succeeded(reader));
    EXPECT_EQ((*reader)->runs({})->size(), 30U);
    EXPECT_TRUE(all_files(scratch.path()) == before) << "Invariant7: reading migrates a copy";
  }
  {
    auto store = runner::store::open_store_with(options_for(scratch.path()), newer);
    ASSERT_TRUE(succeeded(store));
    EXPECT_EQ((*store)->runs({})->size(), 30U);
  }
  const auto after = all_files(scratch.path());
  ASSERT_TRUE(after.contains("state.db.before-0999_notes"));
  EXPECT_EQ(after.size(), before.size() + 1);
  // The backup is the state as it was: the older runner opens it.
  const Scratch restored;
  write_bytes(restored.path() + "/state.db", after.at("state.db.before-0999_notes"));
  auto old = runner::store::open_store(options_for(restored.path()));
  ASSERT_TRUE(succeeded(old));
  EXPECT_EQ((*old)->runs({})->size(), 30U);
  EXPECT_TRUE(succeeded(runner::store::open_store_with(options_for(scratch.path()), newer)))
      << "and once is enough";
}

TEST(StoreOpen, FailedMigrationChangesNothing) {
  const Scratch scratch;
  ASSERT_TRUE(succeeded(runner::store::open_store(options_for(scratch.path()))));
  const auto broken = with({Migration{
      "0999_broken", "CREATE TABLE notes(text TEXT) STRICT; INSERT INTO nowhere VALUES(1);"}});
  EXPECT_FALSE(runner::store::open_store_with(options_for(scratch.path()), broken));
  EXPECT_TRUE(succeeded(runner::store::open_store(options_for(scratch.path()))))
      << "the schema is still the old one";
}

TEST(StoreOpen, ChangedMigrationIsRefused) {
  const Scratch scratch;
  ASSERT_TRUE(
      succeeded(runner::store::open_store_with(options_for(scratch.path()), with({kSecond}))));
  const auto changed =
      with({Migration{"0999_notes", "CREATE TABLE notes(text TEXT NOT NULL, at INTEGER) STRICT;"}});
  EXPECT_TRUE(failed_with(ErrorKind::corrupt,
                          runner::store::open_store_with(options_for(scratch.path()), changed)));
}

TEST(StoreOpen, LaterWorkGoesOnWhereTheEarlierEnded) {
  const Scratch scratch;
  std::string truth;
  for (int round = 0; round < 3; ++round) {
    auto store = runner::store::open_store(options_for(scratch.path()));
    ASSERT_TRUE(succeeded(store));
    if (round == 0) {
      fill(**store);
      truth = *everything(**store);
    }
    EXPECT_EQ(*everything(**store), truth);
    const auto lease = (*store)->acquire_lease("x", at(1000 * round), minutes(1));
    ASSERT_TRUE(succeeded(lease));
    EXPECT_EQ(lease->epoch, round + 2);
  }
}

}  // namespace

}  // namespace store_tests

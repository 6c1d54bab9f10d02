// Damage is found before it matters, and what was found damaged keeps its bytes.
#include <random>

#include "runner/store/doctor.h"
#include "tests/integration/store/sample_state.h"

namespace store_tests {

namespace {

using jobs::ErrorKind;

struct Sample {
  Scratch scratch;
  std::string folder = scratch.path();
  std::string path = folder + "/state.db";
  std::string good;
  std::string mark;
  std::string truth;

  Sample() {
    auto store = runner::store::open_store(options_for(folder));
    EXPECT_TRUE(succeeded(store));
    fill(**store);
    auto read = everything(**store);
    EXPECT_TRUE(succeeded(read));
    truth = read ? *read : "";
    store->reset();
    good = bytes_of(path);
    mark = bytes_of(folder + "/state.lock");
  }
};

/// A tick's first steps on the file as it is now. Whatever happens, it is no crash; a refusal
/// leaves the bytes alone.
jobs::Status try_to_work(const Sample& sample) {
  const std::string before = bytes_of(sample.path);
  const auto work = [&]() -> jobs::Status {
    RUNNER_ASSIGN(const auto store, runner::store::open_store(options_for(sample.folder)));
    RUNNER_ASSIGN(const auto lease,
                  store->acquire_lease("worker", at(10), std::chrono::minutes(5)));
    RUNNER_TRY(store->begin_tick(lease, tick_row("t2")));
    jobs::Run run = sample_run(31);
    jobs::Change change;
    change.runs = {run};
    change.ledger = {{.kind = jobs::LedgerKind::reserve,
                      .issue = run.issue,
                      .run = run.id,
                      .turn = 1,
                      .amount = {.usd = {1}},
                      .at = at(11)}};
    return store->commit(lease, jobs::TickId("t2"), change);
  };
  auto worked = work();
  if (!worked) {
    EXPECT_TRUE(bytes_of(sample.path) == before)
        << "a refused file was written: " << worked.error().text();
  }
  return worked;
}

/// The places are shared out, so that the parts run side by side.
constexpr std::size_t kParts = 8;
class StoreFlipped : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Parts, StoreFlipped, ::testing::Range(std::size_t{0}, kParts));

TEST_P(StoreFlipped, Invariant13_NoFlippedBitPassesUnnoticed) {
  const Sample sample;
  std::mt19937 random(20260101);  // NOLINT: the same bits every time
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < 100; ++i) {
    places.push_back(i);  // every byte of the header
  }
  for (std::size_t block = 0; block + 512 <= sample.good.size(); block += 512) {
    places.push_back(block + random() % 512);
    if (block % 4096 == 0) {
      places.push_back(block + random() % 16);  // head of a page and its first cell pointers
      places.push_back(block + 4096 - 1 - random() % 200);
    }
  }
  int noticed = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::size_t place = places[i];
    const auto bit = static_cast<char>(1U << (random() % 8));
    if (i % kParts != GetParam()) {
      continue;
    }
    std::string bad = sample.good;
    bad[place] = static_cast<char>(bad[place] ^ bit);
    write_bytes(sample.path, bad);
    const auto read = [&]() -> jobs::Result<std::string> {
      RUNNER_ASSIGN(const auto reader, runner::store::open_store_read_only(sample.folder));
      return everything(*reader);
    }();
    EXPECT_TRUE(bytes_of(sample.path) == bad) << "byte " << place;
    if (read) {
      EXPECT_EQ(*read, sample.truth) << "byte " << place << " changed what is read, silently";
    } else {
      EXPECT_TRUE(failed_with(ErrorKind::corrupt, read)) << "byte " << place;
      ++noticed;
    }
    if (!read) {
      EXPECT_TRUE(failed_with(ErrorKind::corrupt, try_to_work(sample)))
          << "byte " << place << ": damage that reading saw was written over";
    } else if (place % 4 == 0) {
      // Harmless where it is read; no promise but that a refusal is one of the right kind.
      const auto worked = try_to_work(sample);
      EXPECT_TRUE(worked || worked.error().kind == ErrorKind::corrupt) << "byte " << place;
    }
    if (::testing::Test::HasFailure()) {
      break;
    }
  }
  EXPECT_GT(places.size(), 400U);
  EXPECT_GT(noticed, static_cast<int>(places.size() / kParts / 4))
      << "the flips hit nothing that counts";
}

// An index that disagrees with its table hides rows from whoever looks them up; no row's digest can
// tell.
TEST(StoreDamage, Invariant13_DamageInIndexesIsNoticedToo) {
  const Sample sample;
  int places = 0;
  for (const std::string word : {"acme/repo7", "acme/repo29"}) {
    for (std::size_t at = sample.good.find(word); at != std::string::npos;
         at = sample.good.find(word, at + 1)) {
      ++places;
      std::string bad = sample.good;
      bad[at + 2] ^= 1;
      write_bytes(sample.path, bad);
      EXPECT_TRUE(failed_with(ErrorKind::corrupt, try_to_work(sample))) << "byte " << at;
    }
  }
  EXPECT_GE(places, 16);
}

TEST(StoreDamage, DoctorCallsSoundOnlyWhatATickCanWrite) {
  const Sample sample;
  int damaged = 0;
  for (std::size_t place = 16; place < 24; ++place) {  // sizes, versions, fractions
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string bad = sample.good;
      bad[place] = static_cast<char>(bad[place] ^ static_cast<char>(1U << bit));
      write_bytes(sample.path, bad);
      const bool sound =
          runner::store::examine_state({.state_dir = sample.folder, .now = at(10)}).health ==
          runner::store::Health::sound;
      damaged += sound ? 0 : 1;
      write_bytes(sample.folder + "/state.lock", sample.mark);
      EXPECT_EQ(sound, bool(try_to_work(sample))) << "bit " << bit << " of byte " << place;
    }
  }
  EXPECT_GT(damaged, 32);
}

TEST(StoreDamage, Invariant13_EveryTruncationIsRefused) {
  const Sample sample;
  std::vector<std::size_t> sizes{sample.good.size() - 1};  // where only zeros may have been
  for (std::size_t size = 0; size < sample.good.size(); size += size < 128 ? 16 : 3584) {
    sizes.push_back(size);
  }
  for (const std::size_t size : sizes) {
    const std::string bad = sample.good.substr(0, size);
    write_bytes(sample.path, bad);
    const auto reader = runner::store::open_store_read_only(sample.folder);
    if (reader) {
      EXPECT_TRUE(failed_with(ErrorKind::corrupt, everything(**reader))) << size;
    } else {
      EXPECT_TRUE(failed_with(ErrorKind::corrupt, reader)) << size;
    }
    EXPECT_TRUE(failed_with(ErrorKind::corrupt, try_to_work(sample))) << size;
    EXPECT_TRUE(bytes_of(sample.path) == bad);
  }
}

TEST(StoreDamage, Invariant13_WhatIsNoStateIsNeverWritten) {
  const Sample sample;
  for (const std::string& content :
       {std::string(), std::string("hello"), std::string(8192, '\0'), std::string(8192, 'x'),
        std::string("SQLite format 3\0", 16) + std::string(8000, 'y')}) {
    write_bytes(sample.path, content);
    EXPECT_TRUE(
        failed_with(ErrorKind::corrupt, runner::store::open_store(options_for(sample.folder))))
        << content.substr(0, 20);
    EXPECT_TRUE(failed_with(ErrorKind::corrupt, runner::store::open_store_read_only(sample.folder)))
        << content.substr(0, 20);
    EXPECT_TRUE(bytes_of(sample.path) == content);
  }
}

TEST(StoreDamage, Invariant13_AnotherProgramsDatabaseIsNeverWritten) {
  const Scratch scratch;
  const std::string path = scratch.path() + "/state.db";
  edit(path, "CREATE TABLE customers(name); INSERT INTO customers VALUES('ann');");
  const std::string before = bytes_of(path);
  const auto store = runner::store::open_store(options_for(scratch.path()));
  ASSERT_TRUE(failed_with(ErrorKind::corrupt, store));
  EXPECT_NE(store.error().message.find("not a state of the runner"), std::string::npos)
      << store.error().message;
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, runner::store::open_store_read_only(scratch.path())));
  EXPECT_TRUE(bytes_of(path) == before);
}

struct Edit {
  const char* name;
  const char* sql;
};

class StoreEdited : public ::testing::TestWithParam<Edit> {};

TEST_P(StoreEdited, Invariant13_ChangeBehindTheBackIsRefused) {
  const Sample sample;
  edit(sample.path, GetParam().sql);
  const auto read = [&]() -> jobs::Result<std::string> {
    RUNNER_ASSIGN(const auto reader, runner::store::open_store_read_only(sample.folder));
    return everything(*reader);
  }();
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, read));
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, [&]() -> jobs::Status {
    RUNNER_ASSIGN(const auto store, runner::store::open_store(options_for(sample.folder)));
    RUNNER_TRY(everything(*store));
    return jobs::ok();
  }()));
}

INSTANTIATE_TEST_SUITE_P(
    Edits, StoreEdited,
    ::testing::Values(
        Edit{"LedgerAmount", "UPDATE ledger SET usd = usd - 1 WHERE seq = 7"},
        Edit{"LedgerRowGone", "DELETE FROM ledger WHERE seq = 7"},
        Edit{"LedgerFirstGone", "DELETE FROM ledger WHERE seq = 1"},
        Edit{"LedgerLastGone", "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)"},
        Edit{"LedgerAllGone", "DELETE FROM ledger"},
        Edit{"LedgerLinksSwapped",
             "UPDATE ledger SET seq = 1000 WHERE seq = 3; UPDATE ledger SET seq = 3 WHERE seq = 4; "
             "UPDATE ledger SET seq = 4 WHERE seq = 1000"},
        Edit{"RunRevived", "UPDATE runs SET step = 'turning' WHERE id = 'r0003'"},
        Edit{"RunHidden", "UPDATE runs SET step = 'ended' WHERE id = 'r0001'"},
        Edit{"RunGone", "PRAGMA foreign_keys=OFF; DELETE FROM runs WHERE id = 'r0001'"},
        Edit{"TurnGone", "DELETE FROM turns WHERE run = 'r0001'"},
        Edit{"AttemptGone", "DELETE FROM attempts WHERE run = 'r0001'"},
        Edit{"EffectFinished", "UPDATE outbox SET state = 'done' WHERE id = 1"},
        Edit{"EffectText", "UPDATE outbox SET text = 'other' WHERE id = 1"},
        Edit{"BrakeGone", "DELETE FROM brakes"}, Edit{"PauseGone", "DELETE FROM pauses"},
        Edit{"RequestGone", "DELETE FROM requests"},
        Edit{"SealGone", "DELETE FROM seals WHERE name = 'runs'"},
        Edit{"SealChanged", "UPDATE seals SET row_count = row_count + 1 WHERE name = 'runs'"},
        Edit{"IndexGone", "DROP INDEX one_live_run"},
        Edit{"TriggerAdded",
             "CREATE TRIGGER evil AFTER INSERT ON runs BEGIN DELETE FROM brakes; END"},
        Edit{"MigrationRenamed", "UPDATE schema_migrations SET digest = 'other'"}),
    [](const ::testing::TestParamInfo<Edit>& one) { return std::string(one.param.name); });

TEST(StoreDamage, LeaseWithAnotherEpochIsRefused) {
  const Sample sample;
  edit(sample.path, "UPDATE leases SET epoch = 0");
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, try_to_work(sample)));
}

TEST(StoreDamage, Invariant13_DamageWhileOpenStopsTheWriter) {
  const Sample sample;
  auto store = runner::store::open_store(options_for(sample.folder));
  ASSERT_TRUE(succeeded(store));
  const auto lease = (*store)->acquire_lease("worker", at(10), std::chrono::minutes(5));
  ASSERT_TRUE(succeeded(lease));
  edit(sample.path, "DELETE FROM brakes");
  const std::string damaged = bytes_of(sample.path);
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, (*store)->begin_tick(*lease, tick_row("t2"))));
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, (*store)->release_lease(*lease)))
      << "no further write";
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, (*store)->set_pause({})));
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, (*store)->runs({})));
  EXPECT_TRUE(bytes_of(sample.path) == damaged);
}

// What only tells people must not stop what decides.
TEST(StoreDamage, UnprotectedRowThatCannotBeReadIsLeftOut) {
  const Sample sample;
  edit(sample.path,
       "INSERT INTO ticks SELECT 't9', '[\"nothing\"]', started_at, ended_at, host, version, "
       "candidates, started, effects, failures, exit_code FROM ticks;"
       "INSERT INTO counters VALUES('ticks', 'no list', 1)");
  const auto store = runner::store::open_store(options_for(sample.folder));
  ASSERT_TRUE(succeeded(store));
  const auto ticks = (*store)->ticks(0);
  ASSERT_TRUE(succeeded(ticks));
  EXPECT_EQ(ticks->size(), 1U);
  EXPECT_TRUE(succeeded((*store)->counters()));
  EXPECT_TRUE(succeeded((*store)->set_pause({}))) << "and writing goes on";
}

TEST(StoreDamage, JournalWithoutItsDatabaseIsRefused) {
  const Scratch scratch;
  write_bytes(scratch.path() + "/state.db-journal", "something");
  EXPECT_TRUE(
      failed_with(ErrorKind::corrupt, runner::store::open_store(options_for(scratch.path()))));
  EXPECT_TRUE(failed_with(ErrorKind::corrupt, runner::store::open_store_read_only(scratch.path())));
  EXPECT_EQ(bytes_of(scratch.path() + "/state.db-journal"), "something");
}

}  // namespace

}  // namespace store_tests

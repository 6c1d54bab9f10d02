#include "runner/store/sqlite_store.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"

namespace runner::store {

namespace {

using jobs::ErrorKind;
using jobs::fail;

/// Up to this size the whole file is checked before it is believed: milliseconds. Beyond it only
/// the structure of the tables that decide about money and dispatch, and a row's content when it is
/// read.
constexpr std::int64_t kWholeCheckBytes = 32LL << 20;

std::array<const SealedTable*, 9> sealed_tables() {
  return {&runs_table(),     &turns_table(),  &attempts_table(), &outbox_table(), &brakes_table(),
          &requests_table(), &leases_table(), &pauses_table(),   &carried_table()};
}

}  // namespace

SqliteStore::SqliteStore(Parts parts)
    : database_(std::move(parts.database)),
      lock_(std::move(parts.lock)),
      owner_is_dead_(std::move(parts.owner_is_dead)),
      patience_(parts.patience),
      pid_(::getpid()) {}

SqliteStore::~SqliteStore() {
  if (::getpid() != pid_) {
    // Closing would let go of locks that belong to the parent.
    database_.abandon();
  }
}

jobs::Status SqliteStore::same_process() const {
  if (::getpid() != pid_) {
    return fail(ErrorKind::bug,
                fmt::format("the state was opened by process {} and used by its child {}", pid_,
                            ::getpid()),
                "open the state again after a fork");
  }
  return jobs::ok();
}

void SqliteStore::remember(const jobs::Error& failure) {
  if (!refused_ && (failure.kind == ErrorKind::corrupt || database_.io_failed())) {
    refused_ = failure;
  }
}

jobs::Status SqliteStore::begin_reading() {
  RUNNER_TRY(same_process());
  auto begun = database_.script("BEGIN");
  if (begun) {
    begun = verified();
  }
  if (!begun) {
    remember(begun.error());
    database_.roll_back();
  }
  return begun;
}

void SqliteStore::end_reading(const jobs::Error* failure) {
  if (failure != nullptr) {
    remember(*failure);
  }
  database_.roll_back();
}

jobs::Status SqliteStore::writing(const jobs::Lease* lease, const StepBody& body) {
  const std::lock_guard guard(mutex_);
  RUNNER_TRY(same_process());
  if (!lock_) {
    return fail(ErrorKind::bug, "the state was opened for reading only");
  }
  if (refused_) {
    return jobs::Error(*refused_).while_doing("refusing every further write of this process");
  }
  RUNNER_POINT(store_before_lock);
  RUNNER_ASSIGN(const LockFile::Held held, lock_->take(patience_));
  RUNNER_POINT(store_after_lock);
  auto done = transaction(lease, body);
  if (!done) {
    database_.roll_back();
    remember(done.error());
  }
  if (done) {
    RUNNER_POINT(store_after_commit);
  }
  return done;
}

jobs::Status SqliteStore::transaction(const jobs::Lease* lease, const StepBody& body) {
  RUNNER_TRY(database_.script("BEGIN IMMEDIATE"));
  RUNNER_POINT(store_after_begin);
  RUNNER_TRY(verified());
  if (lease != nullptr && !RUNNER_PLANTED(epoch_not_checked)) {
    RUNNER_ASSIGN(const jobs::Lease stored, stored_lease(database_, lease->name));
    if (stored.epoch != lease->epoch || stored.owner != lease->owner) {
      return fail(ErrorKind::conflict,
                  fmt::format("the lease of {} (epoch {}) is not in force any more: {}",
                              lease->owner, lease->epoch,
                              stored.owner.empty() ? std::string("it was given back")
                                                   : fmt::format("{} holds it (epoch {})",
                                                                 stored.owner, stored.epoch)),
                  "leave the rest to the tick that holds the lease");
    }
  }
  Step step{.database = database_, .seals = Seals(database_), .ledger = ledger_};
  auto done = body(step);
  if (done) {
    done = step.seals.flush();
  }
#ifdef RUNNER_TEST_POINTS
  if (done) {
    done = jobs::pass(jobs::Point::store_before_commit);
  }
#endif
  if (done) {
    done = database_.script("COMMIT");
  }
  if (!done && step.ledger_changed) {
    verified_version_.reset();  // what memory holds of the ledger was not written
  }
  return done;
}

jobs::Status SqliteStore::verified() {
  RUNNER_ASSIGN(const std::int64_t version, database_.number("PRAGMA data_version"));
  if (verified_version_ == version) {
    return jobs::ok();
  }
  verified_version_.reset();
  RUNNER_ASSIGN(const std::int64_t pages, database_.number("PRAGMA page_count"));
  RUNNER_ASSIGN(const std::int64_t page_size, database_.number("PRAGMA page_size"));
  const bool whole = pages * page_size <= kWholeCheckBytes;
  RUNNER_TRY(verify_structure(whole));
  Seals seals(database_);
  for (const SealedTable* table : sealed_tables()) {
    RUNNER_TRY(verify_table(database_, seals, *table, whole));
  }
  auto loaded = ledger_.load(database_, seals);
  if (!loaded && loaded.error().kind == ErrorKind::conflict) {
    return damaged(loaded.error().message);
  }
  RUNNER_TRY(std::move(loaded));
  verified_version_ = version;
  return jobs::ok();
}

jobs::Status SqliteStore::verify_structure(bool whole) {
  std::vector<std::string> checks;
  if (whole) {
    checks.emplace_back("PRAGMA integrity_check(3)");
  } else {
    for (const SealedTable* table : sealed_tables()) {
      checks.push_back(fmt::format("PRAGMA integrity_check({})", table->name));
    }
    checks.emplace_back("PRAGMA integrity_check(ledger)");
    checks.emplace_back("PRAGMA integrity_check(seals)");
  }
  for (const std::string& check : checks) {
    RUNNER_ASSIGN(const auto found, database_.rows(check));
    if (found.size() != 1 || found.front().front() != Value(std::string("ok"))) {
      const auto* why = found.empty() ? nullptr : std::get_if<std::string>(&found.front().front());
      return damaged(why != nullptr ? *why : "the integrity check gives no answer");
    }
  }
  return jobs::ok();
}

jobs::Result<jobs::Lease> stored_lease(Database& database, const std::string& name) {
  RUNNER_ASSIGN(const auto rows, select(database, leases_table(), "WHERE name = ?", {name}));
  if (rows.empty()) {
    jobs::Lease none;
    none.name = name;
    return none;
  }
  return lease_from(rows.front());
}

}  // namespace runner::store

#include "runner/store/sqlite_store.h"

#include <unistd.h>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "runner/store/verify.h"

namespace runner::store {

namespace {

using jobs::ErrorKind;
using jobs::fail;

/// How many rows this connection has changed so far.
jobs::Result<std::int64_t> changes_of(Database& database) {
  return database.number("SELECT total_changes()");
}

}  // namespace

SqliteStore::SqliteStore(Parts parts)
    : database_(std::move(parts.database)),
      lock_(std::move(parts.lock)),
      paths_(std::move(parts.paths)),
      file_(identity_of(paths_.database)),
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
  // Before the look at the state: what is written meanwhile makes the state newer, not older.
  const StepMark mark = lock_ ? lock_->mark() : read_mark(paths_.lock);
  auto begun = database_.script("BEGIN");
  if (begun) {
    begun = verified(mark);
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
  RUNNER_TRY(same_file());
  auto done = transaction(lease, body);
  if (!done) {
    database_.roll_back();
    remember(done.error());
  } else if (steps_ > 0) {
    lock_->set_mark(steps_);
  }
  if (done) {
    RUNNER_POINT(store_after_commit);
  }
  return done;
}

jobs::Status SqliteStore::transaction(const jobs::Lease* lease, const StepBody& body) {
  RUNNER_TRY(database_.script("BEGIN IMMEDIATE"));
  RUNNER_POINT(store_after_begin);
  RUNNER_TRY(verified(lock_->mark()));
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
  RUNNER_ASSIGN(const std::int64_t before, changes_of(database_));
  auto done = body(step);
  if (done) {
    done = step.seals.flush();
  }
  if (done) {
    done = count_step(before);
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

jobs::Status SqliteStore::count_step(std::int64_t changes_before) {
  steps_ = 0;
  RUNNER_ASSIGN(const std::int64_t changes, changes_of(database_));
  if (changes == changes_before) {
    return jobs::ok();
  }
  Seals seals(database_);
  RUNNER_ASSIGN(Seal* const seal, seals.of(kSteps));
  steps_ = seal->next_id++;
  return seals.flush();
}

jobs::Status SqliteStore::verified(const StepMark& mark) {
  RUNNER_ASSIGN(const std::int64_t version, database_.number("PRAGMA data_version"));
  if (verified_version_ == version) {
    return jobs::ok();
  }
  verified_version_.reset();
  if (!paths_.database.empty()) {
    RUNNER_TRY(verify_header(database_, paths_.database));
  }
  RUNNER_TRY(verify_contents(database_, ledger_));
  RUNNER_TRY(verify_age(database_, mark));
  verified_version_ = version;
  return jobs::ok();
}

jobs::Status SqliteStore::same_file() const {
  if (identity_of(paths_.database) != file_) {
    return fail(ErrorKind::conflict,
                fmt::format("{} was replaced while it was open; nothing more is written into the "
                            "file that lay there before",
                            paths_.database),
                "run it again");
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

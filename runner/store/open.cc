// Opening: what may be opened, making a new state, bringing an older one up to date.
#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "runner/store/owner.h"
#include "runner/store/sqlite_store.h"
#include "runner/store/verify.h"

namespace runner::store {

namespace {

using jobs::ErrorKind;
using jobs::fail;

int milliseconds(jobs::Duration duration) {
  return static_cast<int>(std::min<std::int64_t>(duration.count(), 600000));
}

/// A complete new state appears under its name at once, or not at all.
jobs::Status make_new(const StatePaths& paths, const StoreOptions& options,
                      std::span<const Migration> known) {
  RUNNER_TRY(make_empty(paths.creating));
  RUNNER_POINT(store_creating);
  {
    RUNNER_ASSIGN(Database database, Database::open({.path = paths.creating,
                                                     .mode = Database::Mode::create,
                                                     .vfs = options.vfs}));
    RUNNER_TRY(prepare_new(database));
    RUNNER_TRY(apply_migrations(database, known, 0, options.now));
  }
  RUNNER_POINT(store_created);
  RUNNER_TRY(publish(paths.creating, paths.database, paths.folder));
  RUNNER_POINT(store_published);
  return jobs::ok();
}

/// A copy beside the state, under the name of the migration that is about to run.
jobs::Status back_up(Database& database, const StatePaths& paths, std::string_view migration) {
  const std::string target = fmt::format("{}.before-{}", paths.database, migration);
  const std::string unfinished = target + ".creating";
  RUNNER_TRY(make_empty(unfinished));
  {
    RUNNER_ASSIGN(Database copy,
                  Database::open({.path = unfinished, .mode = Database::Mode::create}));
    RUNNER_TRY(database.copy_to(copy));
  }
  RUNNER_POINT(backup_copied);
  return publish(unfinished, target, paths.folder);
}

jobs::Status bring_up_to_date(Database& database, const StatePaths& paths,
                              const StoreOptions& options, std::span<const Migration> known) {
  RUNNER_ASSIGN(const std::size_t applied, check_schema(database, known));
  if (applied == known.size()) {
    return jobs::ok();
  }
  RUNNER_POINT(backup_before);
  RUNNER_TRY(back_up(database, paths, known[applied].name));
  RUNNER_POINT(backup_after);
  RUNNER_TRY(apply_migrations(database, known, applied, options.now));
  RUNNER_POINT(migrations_after);
  return jobs::ok();
}

/// A step was cut off, and opening the state will undo it from the journal. Tried on a copy first:
/// a journal that is damaged or belongs to another file would change the state before anybody could
/// see what comes of it.
jobs::Status try_undoing(const StatePaths& paths, std::span<const Migration> known) {
  const std::string journal = paths.checking + "-journal";
  const auto remove_copies = [&]() -> jobs::Status {
    RUNNER_TRY(remove_file(journal));
    return remove_file(paths.checking);
  };
  RUNNER_TRY(remove_copies());
  const auto undo = [&]() -> jobs::Status {
    RUNNER_TRY(copy_file(paths.database, paths.checking));
    if (auto copied = copy_file(paths.journal, journal); !copied) {
      // A reader of another process has undone it meanwhile.
      return copied.error().kind == ErrorKind::not_found ? jobs::ok() : copied;
    }
    RUNNER_ASSIGN(Database copy, Database::open({.path = paths.checking}));
    RUNNER_TRY(check_schema(copy, known));
    RUNNER_TRY(copy.script("BEGIN"));
    RUNNER_TRY(copy.run("SELECT count(*) FROM sqlite_schema"));
    RUNNER_TRY(verify_header(copy, paths.checking));
    Ledger ledger;
    RUNNER_TRY(verify_contents(copy, ledger));
    return verify_age(copy, read_mark(paths.lock));
  };
  auto tried = undo().while_doing("trying on a copy to undo the step that was cut off");
  const auto removed = remove_copies();
  return tried ? removed : tried;
}

jobs::Result<Database> open_writable(const StatePaths& paths, const StoreOptions& options,
                                     std::span<const Migration> known) {
  RUNNER_ASSIGN(const Found found, look_at(paths));
  if (found == Found::nothing) {
    RUNNER_TRY(make_new(paths, options, known));
  } else if (size_of(paths.journal) > 0) {
    RUNNER_TRY(try_undoing(paths, known));
  }
  RUNNER_ASSIGN(Database database,
                Database::open({.path = paths.database,
                                .mode = Database::Mode::read_write,
                                .busy_milliseconds = milliseconds(options.patience),
                                .vfs = options.vfs}));
  RUNNER_TRY(bring_up_to_date(database, paths, options, known));
  return database;
}

}  // namespace

jobs::Result<std::unique_ptr<jobs::Store>> open_store_with(const StoreOptions& options,
                                                           std::span<const Migration> known) {
  const std::string doing = fmt::format("opening the state in {}", options.state_dir);
  const StatePaths paths = paths_in(options.state_dir);
  if (auto made = make_folder(paths.folder); !made) {
    return std::move(made.error()).while_doing(doing);
  }
  if (auto local = refuse_network(paths.folder, options.file_system_of); !local) {
    return std::move(local.error()).while_doing(doing);
  }
  auto lock = LockFile::open(paths.lock);
  if (!lock) {
    return std::move(lock.error()).while_doing(doing);
  }
  auto held = lock->take(options.patience);
  if (!held) {
    return std::move(held.error()).while_doing(doing);
  }
  auto database = open_writable(paths, options, known);
  if (!database) {
    return std::move(database.error()).while_doing(doing);
  }
  std::function<bool(const std::string&)> is_dead = options.owner_is_dead;
  if (!is_dead) {
    is_dead = owner_is_dead;
  }
  return std::make_unique<SqliteStore>(SqliteStore::Parts{.database = *std::move(database),
                                                          .lock = *std::move(lock),
                                                          .paths = paths,
                                                          .owner_is_dead = std::move(is_dead),
                                                          .patience = options.patience});
}

jobs::Result<std::unique_ptr<jobs::StoreReader>> open_store_read_only_with(
    const std::string& state_dir, std::span<const Migration> known) {
  StatePaths paths = paths_in(state_dir);
  const auto open = [&]() -> jobs::Result<Database> {
    RUNNER_ASSIGN(const Found found, look_at(paths));
    RUNNER_ASSIGN(Database memory, Database::open({.mode = Database::Mode::memory}));
    if (found == Found::nothing) {
      RUNNER_TRY(prepare_new(memory));
      RUNNER_TRY(apply_migrations(memory, known, 0, {}));
      paths = {};
      return memory;
    }
    RUNNER_ASSIGN(Database file, Database::open({.path = paths.database,
                                                 .mode = Database::Mode::read_only,
                                                 .busy_milliseconds = 20000}));
    RUNNER_ASSIGN(const std::size_t applied, check_schema(file, known));
    if (applied == known.size()) {
      return file;
    }
    // Of an older runner: read a migrated copy, and leave the migrating to a tick.
    RUNNER_TRY(verify_header(file, paths.database));
    RUNNER_TRY(file.copy_to(memory));
    paths.database.clear();
    RUNNER_TRY(apply_migrations(memory, known, applied, {}));
    return memory;
  };
  auto database = open();
  if (!database) {
    return std::move(database.error())
        .while_doing(fmt::format("reading the state in {}", state_dir));
  }
  return std::make_unique<SqliteStore>(SqliteStore::Parts{.database = *std::move(database),
                                                          .lock = std::nullopt,
                                                          .paths = std::move(paths),
                                                          .owner_is_dead = {},
                                                          .patience = {}});
}

jobs::Result<std::unique_ptr<jobs::Store>> open_store(const StoreOptions& options) {
  return open_store_with(options, all_migrations());
}

jobs::Result<std::unique_ptr<jobs::StoreReader>> open_store_read_only(
    const std::string& state_dir) {
  return open_store_read_only_with(state_dir, all_migrations());
}

}  // namespace runner::store

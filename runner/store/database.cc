#include "runner/store/database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "jobs/base/planted.h"
#include "runner/store/sqlite_error.h"

namespace runner::store {

namespace {

using jobs::Error;
using jobs::ErrorKind;
using jobs::fail;

/// SQLite, when it runs as root, gives every journal that it opens to the owner of the database;
/// also one that it only reads, hundreds of times while it waits, which changes the file's times. A
/// dry run changes nothing (invariant 7).
int chown_where_needed(int fd, uid_t owner, gid_t group) {
  struct stat status{};
  const bool reads = (::fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
  if (reads || (::fstat(fd, &status) == 0 && status.st_uid == owner && status.st_gid == group)) {
    return 0;
  }
  return ::fchown(fd, owner, group);
}

void change_no_owner_in_vain() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
        vfs != nullptr && vfs->iVersion >= 3 && vfs->xSetSystemCall != nullptr) {
      vfs->xSetSystemCall(vfs, "fchown",
                          reinterpret_cast<sqlite3_syscall_ptr>(&chown_where_needed));
    }
  });
}

int flags_of(Database::Mode mode) {
  switch (mode) {
    case Database::Mode::read_only: return SQLITE_OPEN_READONLY;
    case Database::Mode::read_write: return SQLITE_OPEN_READWRITE;
    case Database::Mode::create:
    case Database::Mode::memory: return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  }
  return SQLITE_OPEN_READONLY;
}

}  // namespace

struct Database::Impl {
  static constexpr int kImpatience = 1000;  ///< milliseconds

  Impl(const Spec& spec)
      : path(spec.mode == Mode::memory ? ":memory:" : spec.path),
        database(path, flags_of(spec.mode), spec.busy_milliseconds, spec.vfs),
        patient(spec.busy_milliseconds > kImpatience) {}

  Error failure(const SQLite::Exception& exception) {
    const int extended = exception.getExtendedErrorCode() > 0 ? exception.getExtendedErrorCode()
                                                              : exception.getErrorCode();
    return failure(extended, exception.what());
  }
  Error failure(int extended, const std::string& why) {
    if ((extended & 0xff) == SQLITE_IOERR) {
      io_failed = true;
    }
    if ((extended & 0xff) == SQLITE_BUSY && patient) {
      // Waited for once, in full. A tick that still has to say how it ended does not wait as long
      // for each word.
      patient = false;
      sqlite3_busy_timeout(database.getHandle(), kImpatience);
    }
    return error_of_sqlite(extended, path, why);
  }

  /// Statements are compiled once: the set of texts is small and fixed.
  SQLite::Statement& prepared(const std::string& sql) {
    auto found = statements.find(sql);
    if (found == statements.end()) {
      found = statements.try_emplace(sql, database, sql).first;
    }
    return found->second;
  }

  std::string path;
  SQLite::Database database;
  std::map<std::string, SQLite::Statement> statements;
  bool io_failed = false;
  bool patient = true;
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&& other) noexcept = default;
Database& Database::operator=(Database&& other) noexcept = default;
Database::~Database() = default;

jobs::Result<Database> Database::open(const Spec& spec) {
  try {
    change_no_owner_in_vain();
    errno = 0;
    Database database(std::make_unique<Impl>(spec));
    sqlite3* handle = database.impl_->database.getHandle();
    sqlite3_extended_result_codes(handle, 1);
    if (spec.mode == Mode::read_write && sqlite3_db_readonly(handle, "main") == 1) {
      // Nothing of the file was read yet, so this is not about its header: it could not be opened
      // for writing, and SQLite took what it could get.
      return fail(ErrorKind::denied,
                  fmt::format("{} cannot be opened for writing: {}", spec.path,
                              errno == 0 ? "permission denied" : std::strerror(errno)),
                  "give the runner's user write permission on the file and its folder");
    }
    // The schema comes from the file, and the file may be damaged or hostile: no trigger or
    // function of it may do harm.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    // EXTRA and not FULL: with a deleted journal only EXTRA syncs the folder, and without that a
    // power cut can bring the journal back and undo a step that was reported as done.
    auto set = database.script(
        "PRAGMA foreign_keys=ON; PRAGMA synchronous=EXTRA; PRAGMA mmap_size=0;"
        "PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;");
    if (RUNNER_PLANTED(sync_normal) || RUNNER_PLANTED(sync_off)) {
      RUNNER_TRY(database.script(RUNNER_PLANTED(sync_off) ? "PRAGMA synchronous=OFF"
                                                          : "PRAGMA synchronous=NORMAL"));
    }
    if (!set && set.error().kind == ErrorKind::bug) {
      // The statements are right, so what SQLite cannot make sense of is the file ("unsupported
      // file format").
      return fail(ErrorKind::corrupt, set.error().message, kDamagedHint);
    }
    RUNNER_TRY(std::move(set));
    return database;
  } catch (const SQLite::Exception& exception) {
    const int code = exception.getExtendedErrorCode() > 0 ? exception.getExtendedErrorCode()
                                                          : exception.getErrorCode();
    return error_of_sqlite(code, spec.path, exception.what());
  }
}

jobs::Status Database::script(const std::string& sql) {
  char* message = nullptr;
  errno = 0;
  const int code =
      sqlite3_exec(impl_->database.getHandle(), sql.c_str(), nullptr, nullptr, &message);
  const std::string why = message != nullptr ? message : sqlite3_errstr(code);
  sqlite3_free(message);
  if (code != SQLITE_OK) {
    return impl_->failure(code, why);
  }
  return jobs::ok();
}

jobs::Status Database::run(const std::string& sql, const Row& parameters) {
  auto result = rows(sql, parameters);
  if (!result) {
    return std::move(result).error();
  }
  return jobs::ok();
}

jobs::Result<std::vector<Row>> Database::rows(const std::string& sql, const Row& parameters) {
  std::vector<Row> result;
  RUNNER_TRY(each(sql, parameters, [&](Row&& row) {
    result.push_back(std::move(row));
    return jobs::ok();
  }));
  return result;
}

jobs::Status Database::each(const std::string& sql, const Row& parameters, const Visitor& visit) {
  try {
    errno = 0;
    SQLite::Statement& statement = impl_->prepared(sql);
    statement.tryReset();
    statement.clearBindings();
    int index = 0;
    for (const Value& value : parameters) {
      ++index;
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        statement.bind(index, *number);
      } else if (const auto* text = std::get_if<std::string>(&value)) {
        statement.bindNoCopy(index, *text);
      }
    }
    jobs::Status visited;
    int code = SQLITE_OK;
    while (visited && (code = statement.tryExecuteStep()) == SQLITE_ROW) {
      Row row;
      row.reserve(static_cast<std::size_t>(statement.getColumnCount()));
      for (int column = 0; column < statement.getColumnCount(); ++column) {
        const SQLite::Column cell = statement.getColumn(column);
        if (cell.isInteger()) {
          row.emplace_back(static_cast<std::int64_t>(cell.getInt64()));
        } else if (cell.isNull()) {
          row.emplace_back(std::monostate{});
        } else {
          row.emplace_back(cell.getString());
        }
      }
      visited = visit(std::move(row));
    }
    // The text must be taken before the reset, and the statement reset before anything else: it
    // holds locks.
    const int extended = sqlite3_extended_errcode(impl_->database.getHandle());
    const std::string why = sqlite3_errmsg(impl_->database.getHandle());
    statement.tryReset();
    statement.clearBindings();
    if (visited && code != SQLITE_DONE) {
      return impl_->failure((extended & 0xff) == (code & 0xff) ? extended : code, why);
    }
    return visited;
  } catch (const SQLite::Exception& exception) {
    return impl_->failure(exception);
  }
}

jobs::Result<std::int64_t> Database::number(const std::string& sql, const Row& parameters) {
  RUNNER_ASSIGN(const auto found, rows(sql, parameters));
  if (found.empty() || found.front().empty() ||
      !std::holds_alternative<std::int64_t>(found.front().front())) {
    return fail(ErrorKind::corrupt, fmt::format("{} answers no number to: {}", impl_->path, sql),
                kDamagedHint);
  }
  return std::get<std::int64_t>(found.front().front());
}

jobs::Result<std::string> Database::raw_bytes(std::int64_t offset, int size) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  sqlite3_file* file = nullptr;
  sqlite3* handle = impl_->database.getHandle();
  int code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code == SQLITE_OK && (file == nullptr || file->pMethods == nullptr)) {
    code = SQLITE_MISUSE;  // in memory
  }
  if (code == SQLITE_OK) {
    code = file->pMethods->xRead(file, bytes.data(), size, offset);
  }
  if (code != SQLITE_OK) {
    return impl_->failure(code, sqlite3_errstr(code));
  }
  return bytes;
}

void Database::roll_back() {
  sqlite3* handle = impl_->database.getHandle();
  if (sqlite3_get_autocommit(handle) == 0) {
    // An error here means that SQLite has rolled back already or will when the file is next opened.
    static_cast<void>(script("ROLLBACK"));
  }
}

jobs::Status Database::copy_to(Database& target) {
  try {
    SQLite::Backup backup(target.impl_->database, impl_->database);
    const int code = backup.executeStep(-1);
    if (code != SQLITE_DONE) {
      return target.impl_->failure(code, sqlite3_errstr(code));
    }
    return jobs::ok();
  } catch (const SQLite::Exception& exception) {
    return target.impl_->failure(exception);
  }
}

bool Database::io_failed() const {
  return impl_->io_failed;
}

void Database::abandon() {
  static_cast<void>(impl_.release());
}

}  // namespace runner::store

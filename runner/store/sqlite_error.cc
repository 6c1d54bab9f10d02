#include "runner/store/sqlite_error.h"

#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>
#include <sqlite3.h>

#include "jobs/base/result.h"

namespace runner::store {

namespace {

using jobs::Error;
using jobs::ErrorKind;
using jobs::fail;

Error busy(const std::string& path) {
  return fail(ErrorKind::transient, fmt::format("{} is locked by another process", path),
              "try again; if it stays so, find the process with `fuser`");
}

Error input_output(int extended, const std::string& path, const std::string& why) {
  if (extended == SQLITE_IOERR_SHORT_READ || extended == SQLITE_IOERR_CORRUPTFS) {
    return fail(ErrorKind::corrupt, fmt::format("{} cannot be read: {}", path, why), kDamagedHint);
  }
  return fail(ErrorKind::transient,
              fmt::format("{} cannot be read or written: {} (SQLite {})", path, why, extended),
              "look at the disk (dmesg, df); the next tick goes on from the last complete step");
}

}  // namespace

jobs::Error error_of_sqlite(int extended, const std::string& path, const std::string& why) {
  if (extended == SQLITE_READONLY_ROLLBACK || extended == SQLITE_READONLY_RECOVERY) {
    return fail(
        ErrorKind::transient,
        fmt::format(
            "{} holds a step that was cut off: another tick is writing or died while writing",
            path),
        "run a tick; it undoes the unfinished step");
  }
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return busy(path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
      return fail(ErrorKind::corrupt, fmt::format("{} is damaged: {}", path, why), kDamagedHint);
    case SQLITE_FULL:
      return fail(ErrorKind::transient,
                  fmt::format("{}: the disk is full; nothing was written", path),
                  "free some space");
    case SQLITE_IOERR: return input_output(extended, path, why);
    case SQLITE_READONLY:
      if (extended == SQLITE_READONLY && ::access(path.c_str(), W_OK) == 0) {
        return fail(ErrorKind::corrupt,
                    fmt::format("{} may be written but its header says otherwise", path),
                    kDamagedHint);
      }
      [[fallthrough]];
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return fail(ErrorKind::denied, fmt::format("{} cannot be written: {}", path, why),
                  "give the runner's user write permission on the file and its folder");
    case SQLITE_CANTOPEN:
      return fail(errno == EACCES || errno == EPERM || errno == EROFS ? ErrorKind::denied
                                                                      : ErrorKind::transient,
                  fmt::format("{} or its journal cannot be opened: {}", path, why),
                  "look at the permissions of the state folder");
    case SQLITE_CONSTRAINT:
      return fail(ErrorKind::conflict, fmt::format("{} refuses the change: {}", path, why));
    case SQLITE_NOMEM:
      return fail(ErrorKind::transient, fmt::format("out of memory while using {}", path));
    default: return fail(ErrorKind::bug, fmt::format("{}: {} (SQLite {})", path, why, extended));
  }
}

}  // namespace runner::store

#include "worktrees/remover.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/core.h>

#include "worktrees/beneath.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

namespace {

/// Whatever the reason, an empty folder could be filled instead: no permission is no other kind.
jobs::Error stays_there(int number, std::string_view path) {
  jobs::Error error = system_error(number, "remove", path);
  error.kind = jobs::ErrorKind::conflict;
  return error;
}

}  // namespace

jobs::Status Remover::remove(std::string_view path) const {
  const Parent parent(root_, path);
  if (!parent.ok()) {
    const bool nothing = errno == ENOENT || errno == ENOTDIR;
    return nothing ? jobs::ok() : jobs::Status(stays_there(errno, path));
  }
  return remove_in(parent.fd(), parent.name(), path);
}

jobs::Status Remover::remove_in(int folder, const char* name, std::string_view path) const {
  if (::unlinkat(folder, name, 0) == 0 || errno == ENOENT) {
    return jobs::ok();
  }
  if (errno != EISDIR && errno != EPERM) {
    return stays_there(errno, path);
  }
  RUNNER_TRY(make_directories(trash_));
  const std::string away = fmt::format("{}/{}", trash_, unique_name("tree"));
  if (::renameat(folder, name, AT_FDCWD, away.c_str()) == 0) {
    return jobs::ok();
  }
  // A directory that is moved gets another "..", for which it must be writable.
  if (errno != EACCES || ::fchmodat(folder, name, S_IRWXU, AT_SYMLINK_NOFOLLOW) != 0 ||
      ::renameat(folder, name, AT_FDCWD, away.c_str()) != 0) {
    return stays_there(errno, path);
  }
  return jobs::ok();
}

void Remover::remove_file(std::string_view path) const {
  if (const Parent parent(root_, path); parent.ok()) {
    (void)::unlinkat(parent.fd(), parent.name(), 0);
  }
}

bool Remover::remove_empty(std::string_view path) const {
  const Parent parent(root_, path);
  return parent.ok() && ::unlinkat(parent.fd(), parent.name(), AT_REMOVEDIR) == 0;
}

}  // namespace worktrees

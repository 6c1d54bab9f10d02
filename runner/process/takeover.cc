#include "runner/process/takeover.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "runner/process/files.h"

#ifndef RUNNER_VERSION
#define RUNNER_VERSION "0"
#endif

namespace runner::process {

using jobs::Result;
using jobs::Status;

namespace {

constexpr off_t kReserve = 4096;

struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Result<Takeover> take_over(const TurnPaths& paths, jobs::TimePoint now) {
  Takeover result;
  result.lock.reset(::open(paths.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!result.lock.valid()) {
    return system_error(errno, "open", paths.lock);
  }
  // A lock of the open file, not of the process: it can be asked about without being taken, which
  // flock() cannot.
  auto lock = whole_file();
  if (::fcntl(result.lock.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return result;
    }
    return system_error(errno, "lock", paths.lock);
  }
  if (RUNNER_PLANTED(turn_started_again)) {
    ::unlink(paths.supervisor.c_str());
    ::unlink(paths.exit.c_str());
  }
  RUNNER_POINT(takeover_locked);
  if (exists(paths.supervisor) || exists(paths.exit)) {
    return result;
  }
  const Fd reserve(
      ::open(paths.reserve.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!reserve.valid()) {
    return system_error(errno, "create", paths.reserve);
  }
  if (const int failed = ::posix_fallocate(reserve.get(), 0, kReserve); failed != 0) {
    return system_error(failed, "reserve space in", paths.reserve);
  }
  RUNNER_POINT(takeover_reserved);
  // Durable before anything runs: after a power cut the turn is lost, never run twice.
  auto claimed = write_once(paths.supervisor, to_json(SupervisorFile{.identity = own_identity(),
                                                                     .started_at = now,
                                                                     .version = RUNNER_VERSION}));
  if (!claimed && claimed.error().kind == jobs::ErrorKind::conflict) {
    return result;
  }
  RUNNER_TRY(std::move(claimed));
  RUNNER_POINT_ONLY(takeover_claimed);
  result.ours = true;
  return result;
}

bool is_locked(const TurnPaths& paths) {
  const Fd fd(::open(paths.lock.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  auto lock = whole_file();
  return fd.valid() && ::fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

Status write_exit(const TurnPaths& paths, const ExitFile& file) {
  RUNNER_POINT(exit_before_write);
  const std::string content = to_json(file);
  const Fd fd(::open(paths.reserve.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) {
    return system_error(errno, "open", paths.reserve);
  }
  RUNNER_TRY(write_all(fd.get(), content, paths.reserve));
  RUNNER_POINT(exit_written);
  if (::ftruncate(fd.get(), static_cast<off_t>(content.size())) != 0 || ::fsync(fd.get()) != 0) {
    return system_error(errno, "sync", paths.reserve);
  }
  RUNNER_POINT(exit_synced);
  if (::rename(paths.reserve.c_str(), paths.exit.c_str()) != 0) {
    return system_error(errno, "create", paths.exit);
  }
  RUNNER_POINT(exit_renamed);
  return sync_directory(paths.directory);
}

}  // namespace runner::process

#include "worktrees/path_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include <fmt/core.h>

namespace worktrees {

PathLock::PathLock(PathLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

PathLock& PathLock::operator=(PathLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

PathLock::~PathLock() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

jobs::Result<PathLock> PathLock::acquire(const std::string& path, jobs::Duration patience) {
  PathLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (lock.fd_ < 0) {
    return jobs::fail(jobs::ErrorKind::transient,
                      fmt::format("cannot open the lock {}: {}", path, std::strerror(errno)));
  }
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return jobs::fail(jobs::ErrorKind::transient,
                        fmt::format("cannot lock {}: {}", path, std::strerror(errno)));
    }
    if (std::chrono::steady_clock::now() >= until) {
      return jobs::fail(jobs::ErrorKind::transient,
                        fmt::format("another process works on this repository (lock {})", path),
                        "try again when it is done");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return lock;
}

}  // namespace worktrees

#include "runner/store/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace runner::store {

namespace {

using jobs::Error;
using jobs::ErrorKind;
using jobs::fail;

/// Of a system call on the state folder. `code` is errno, taken by the caller before anything could
/// change it.
Error system_error(int code, const std::string& what) {
  const std::string message = fmt::format("{}: {}", what, std::strerror(code));
  if (code == EACCES || code == EPERM || code == EROFS) {
    return fail(ErrorKind::denied, message,
                "give the runner's user write permission on the state folder, or choose another "
                "state_dir");
  }
  if (code == ENOSPC || code == EDQUOT) {
    return fail(ErrorKind::transient, message, "free some space");
  }
  if (code == ENOTDIR || code == EEXIST || code == ELOOP || code == ENAMETOOLONG ||
      code == EISDIR) {
    return fail(ErrorKind::usage, message, "choose another state_dir in the manifest");
  }
  return fail(ErrorKind::transient, message);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

jobs::Status sync_path(const std::string& path, int flags) {
  const Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  if (file.get() < 0 || ::fsync(file.get()) != 0) {
    return system_error(errno, fmt::format("cannot sync {}", path));
  }
  return jobs::ok();
}

}  // namespace

StatePaths paths_in(const std::string& state_dir) {
  return {.folder = state_dir,
          .database = state_dir + "/state.db",
          .journal = state_dir + "/state.db-journal",
          .lock = state_dir + "/state.lock",
          .creating = state_dir + "/state.db.creating",
          .checking = state_dir + "/state.db.checking"};
}

jobs::Result<Found> look_at(const StatePaths& paths) {
  struct stat info{};
  if (::stat(paths.database.c_str(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) {
      return system_error(errno, fmt::format("cannot look at {}", paths.database));
    }
    struct stat link{};
    if (::lstat(paths.database.c_str(), &link) == 0) {
      return fail(ErrorKind::corrupt, fmt::format("{} is a link to nothing", paths.database),
                  "put the state back where the link points");
    }
    if (::lstat(paths.journal.c_str(), &link) == 0) {
      // A journal undoes steps of the database it belongs to; beside a new one it would destroy it.
      return fail(
          ErrorKind::corrupt,
          fmt::format("{} is there, but the state it belongs to is gone", paths.journal),
          "put state.db back beside it, or move the journal away to start with an empty state");
    }
    if (read_mark(paths.lock).value_or(0) > 0) {
      return fail(ErrorKind::corrupt,
                  fmt::format("{} is gone, but this folder had a state", paths.database),
                  "put the state or a backup back; to start with an empty state, move state.lock "
                  "away too");
    }
    return Found::nothing;
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorKind::corrupt, fmt::format("{} is not a file", paths.database),
                "move it away");
  }
  if (info.st_size == 0) {
    // Never made by us: a new state gets its name only when it is complete.
    return fail(ErrorKind::corrupt,
                fmt::format("{} is empty: its content was lost", paths.database),
                "put a backup in its place; remove it only to start with an empty state");
  }
  return Found::database;
}

FileIdentity identity_of(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return {};
  }
  return {.device = info.st_dev, .inode = info.st_ino};
}

std::int64_t size_of(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

jobs::Status make_folder(const std::string& folder) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) == 0) {
    if (!S_ISDIR(info.st_mode)) {
      return fail(ErrorKind::usage, fmt::format("{} is not a folder", folder),
                  "choose another state_dir in the manifest");
    }
    return jobs::ok();
  }
  const std::filesystem::path path(folder);
  std::error_code code;
  std::filesystem::create_directories(path.parent_path(), code);
  if (code) {
    return system_error(code.value(),
                        fmt::format("cannot make the folder {}", path.parent_path().string()));
  }
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error(errno, fmt::format("cannot make the state folder {}", folder));
  }
  return jobs::ok();
}

jobs::Status make_empty(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return system_error(errno, fmt::format("cannot remove {}", path));
  }
  const Descriptor file(
      ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) {
    return system_error(errno, fmt::format("cannot make {}", path));
  }
  return jobs::ok();
}

jobs::Status copy_file(const std::string& from, const std::string& to) {
  const Descriptor in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.get() < 0) {
    const int code = errno;
    return code == ENOENT ? fail(ErrorKind::not_found, fmt::format("there is no {}", from))
                          : system_error(code, fmt::format("cannot read {}", from));
  }
  const Descriptor out(
      ::open(to.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (out.get() < 0) {
    const int code = errno;
    return code == EEXIST ? fail(ErrorKind::conflict, fmt::format("{} is there already", to))
                          : system_error(code, fmt::format("cannot make {}", to));
  }
  std::string buffer(std::size_t{1} << 20, '\0');
  for (;;) {
    const ssize_t got = ::read(in.get(), buffer.data(), buffer.size());
    if (got == 0) {
      break;
    }
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return system_error(errno, fmt::format("cannot read {}", from));
    }
    for (ssize_t at = 0; at < got;) {
      const ssize_t put =
          ::write(out.get(), buffer.data() + at, static_cast<std::size_t>(got - at));
      if (put < 0 && errno != EINTR) {
        return system_error(errno, fmt::format("cannot write {}", to));
      }
      at += std::max<ssize_t>(put, 0);
    }
  }
  if (::fsync(out.get()) != 0) {
    return system_error(errno, fmt::format("cannot sync {}", to));
  }
  return jobs::ok();
}

jobs::Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return system_error(errno, fmt::format("cannot remove {}", path));
  }
  return jobs::ok();
}

jobs::Status publish(const std::string& from, const std::string& to, const std::string& folder) {
  RUNNER_TRY(sync_path(from, O_RDONLY));
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return system_error(errno, fmt::format("cannot rename {} to {}", from, to));
  }
  return sync_path(folder, O_RDONLY | O_DIRECTORY);
}

jobs::Result<LockFile> LockFile::open(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) {
    return system_error(errno, fmt::format("cannot open the lock file {}", path));
  }
  return LockFile(file.release(), path);
}

LockFile::LockFile(LockFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

LockFile::~LockFile() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

jobs::Result<LockFile::Held> LockFile::take(jobs::Duration patience) {
  jobs::Duration waited{};
  jobs::Duration pause{1};
  while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return system_error(errno, fmt::format("cannot lock {}", path_));
    }
    if (waited >= patience) {
      return fail(ErrorKind::transient,
                  fmt::format("another process has held {} for more than {} s", path_,
                              patience.count() / 1000),
                  "find it with `fuser` on that file; the lock goes away with the process");
    }
    std::this_thread::sleep_for(pause);
    waited += pause;
    pause = std::min(pause * 2, jobs::Duration{50});
  }
  return Held(fd_);
}

LockFile::Held::Held(Held&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

LockFile::Held::~Held() {
  if (fd_ >= 0) {
    // Unlocked and not merely closed: a process forked meanwhile shares the lock until it executes
    // something.
    ::flock(fd_, LOCK_UN);
  }
}

}  // namespace runner::store

#include "runner/process/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "runner/process/fd.h"

namespace runner::process {

using jobs::ErrorKind;
using jobs::Result;
using jobs::Status;

namespace {

ErrorKind kind_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: return ErrorKind::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::denied;
    case EEXIST:
    case ENOTEMPTY:
    case ELOOP: return ErrorKind::conflict;
    default: return ErrorKind::transient;
  }
}

Result<std::string> read_open(const Fd& fd, const std::string& path, std::size_t max_bytes) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) {
    return system_error(errno, "look at", path);
  }
  if (!S_ISREG(status.st_mode)) {
    return jobs::fail(ErrorKind::conflict, fmt::format("{} is not a regular file", path));
  }
  std::string content;
  char buffer[8192];
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return system_error(errno, "read", path);
    }
    if (got == 0) {
      return content;
    }
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      return jobs::fail(ErrorKind::conflict,
                        fmt::format("{} is larger than {} bytes", path, max_bytes));
    }
  }
}

Status write_synced(const std::string& path, std::string_view content) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) {
    return system_error(errno, "create", path);
  }
  if (auto written = write_all(fd.get(), content, path); !written) {
    ::unlink(path.c_str());
    return written;
  }
  if (::fsync(fd.get()) != 0) {
    const int error_number = errno;
    ::unlink(path.c_str());
    return system_error(error_number, "sync", path);
  }
  return jobs::ok();
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

jobs::Error system_error(int error_number, std::string_view what, std::string_view path) {
  return jobs::fail(
      kind_of(error_number),
      fmt::format("cannot {} {}: {}", what, path, std::system_category().message(error_number)));
}

Result<std::string> read_small(const std::string& path, std::size_t max_bytes) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) {
    return system_error(errno, "open", path);
  }
  return read_open(fd, path, max_bytes);
}

Result<std::string> read_small_beneath(const std::string& folder, const std::string& relative,
                                       std::size_t max_bytes) {
  const Fd base(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!base.valid()) {
    return system_error(errno, "open", folder);
  }
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RUNNER_PLANTED(symlink_followed)
                    ? 0
                    : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const Fd fd(
      static_cast<int>(::syscall(SYS_openat2, base.get(), relative.c_str(), &how, sizeof how)));
  if (!fd.valid()) {
    return system_error(errno, "open", relative);
  }
  return read_open(fd, relative, max_bytes);
}

std::string read_end(const std::string& path, std::size_t max_bytes) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return {};
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  std::string content(size < max_bytes ? size : max_bytes, '\0');
  const auto offset = static_cast<off_t>(size - content.size());
  const ssize_t got = ::pread(fd.get(), content.data(), content.size(), offset);
  content.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return content;
}

Status write_new(const std::string& path, std::string_view content) {
  RUNNER_TRY(write_synced(path, content));
  return sync_directory(parent_of(path));
}

Status write_once(const std::string& path, std::string_view content) {
  // link(), unlike rename(), refuses to replace: of two writers one wins, and a torn file is never
  // seen.
  const std::string temporary = fmt::format("{}.{}", path, ::getpid());
  ::unlink(temporary.c_str());
  RUNNER_TRY(write_synced(temporary, content));
  const int linked = ::link(temporary.c_str(), path.c_str());
  const int error_number = errno;
  ::unlink(temporary.c_str());
  if (linked != 0) {
    return system_error(error_number, "create", path);
  }
  return sync_directory(parent_of(path));
}

Status replace(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  const Fd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) {
    return system_error(errno, "create", temporary);
  }
  RUNNER_TRY(write_all(fd.get(), content, temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return system_error(errno, "replace", path);
  }
  return jobs::ok();
}

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) {
    return system_error(errno, "make the folder", path);
  }
  return jobs::ok();
}

Status sync_directory(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return system_error(errno, "open", path);
  }
  if (::fsync(fd.get()) != 0) {
    return system_error(errno, "sync", path);
  }
  return jobs::ok();
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

std::optional<jobs::TimePoint> modified_at(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return jobs::TimePoint(std::chrono::milliseconds(std::int64_t{status.st_mtim.tv_sec} * 1000 +
                                                   status.st_mtim.tv_nsec / 1'000'000));
}

Status write_all(int fd, std::string_view bytes, std::string_view path) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return system_error(errno, "write", path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return jobs::ok();
}

}  // namespace runner::process

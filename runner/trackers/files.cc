#include "runner/trackers/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace runner::trackers {

using jobs::ErrorKind;
using jobs::fail;
using jobs::one_line;

namespace {

Stamp to_stamp(const struct stat& info) {
  const auto nanos = [](const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  return {.device = info.st_dev,
          .inode = info.st_ino,
          .size = info.st_size,
          .modified_ns = nanos(info.st_mtim),
          .changed_ns = nanos(info.st_ctim)};
}

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

const char* kind_of(mode_t mode) {
  if (S_ISREG(mode)) {
    return "a file";
  }
  if (S_ISDIR(mode)) {
    return "a directory";
  }
  if (S_ISFIFO(mode)) {
    return "a FIFO";
  }
  if (S_ISLNK(mode)) {
    return "a symbolic link";
  }
  return S_ISSOCK(mode) ? "a socket" : "a device";
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

jobs::Error from_errno(int error, const std::string& what) {
  const std::string message = fmt::format("{}: {}", what, std::generic_category().message(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR: return fail(ErrorKind::not_found, message);
    case EACCES:
    case EPERM:
    case EROFS: return fail(ErrorKind::denied, message, "give the runner's user access to it");
    case ELOOP:
      return fail(ErrorKind::denied,
                  what + ": a symbolic link stands in the way and is not followed");
    case EEXIST: return fail(ErrorKind::conflict, message);
    default: return fail(ErrorKind::transient, message);
  }
}

jobs::Result<Fd> open_folder(const std::string& root, std::string_view relative, bool create) {
  Fd folder(::open(root.c_str(), kFolderFlags));
  if (!folder && errno == ENOENT && create && ::mkdir(root.c_str(), 0777) == 0) {
    folder = Fd(::open(root.c_str(), kFolderFlags));
  }
  if (!folder) {
    return from_errno(errno, fmt::format("cannot open the tracker's folder {}", one_line(root)));
  }
  return open_below(folder, root, relative, create);
}

jobs::Result<Fd> open_below(const Fd& folder, const std::string& shown, std::string_view relative,
                            bool create) {
  Fd current(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0));
  std::string path = shown;
  while (current && !relative.empty()) {
    const std::size_t slash = relative.find('/');
    const std::string part(relative.substr(0, slash));
    relative.remove_prefix(slash == std::string_view::npos ? relative.size() : slash + 1);
    path += "/" + part;
    if (!jobs::is_safe_component(part)) {
      return fail(ErrorKind::denied,
                  fmt::format("'{}' cannot be a folder of the tracker", one_line(path)));
    }
    const auto open_part = [&] {
      return Fd(::openat(current.get(), part.c_str(), kFolderFlags | O_NOFOLLOW));
    };
    Fd next = open_part();
    if (!next && errno == ENOENT && create &&
        (::mkdirat(current.get(), part.c_str(), 0777) == 0 || errno == EEXIST)) {
      ::fsync(current.get());
      next = open_part();
    }
    if (!next) {
      const int error = errno;
      struct stat info{};
      if (error == ENOTDIR &&
          ::fstatat(current.get(), part.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
        return fail(ErrorKind::denied,
                    fmt::format("{} is {}, not a folder", one_line(path), kind_of(info.st_mode)));
      }
      return from_errno(error, fmt::format("cannot open {}", one_line(path)));
    }
    current = std::move(next);
  }
  if (!current) {
    return from_errno(errno, fmt::format("cannot open {}", one_line(path)));
  }
  return current;
}

jobs::Result<std::vector<std::string>> list_names(const Fd& folder, Hidden hidden) {
  // A descriptor of its own: a directory stream moves the position of the one it is given.
  const int copy = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(copy < 0 ? nullptr : ::fdopendir(copy),
                                                   &::closedir);
  if (stream == nullptr) {
    return from_errno(errno, "cannot list the tracker's folder");
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    if ((entry->d_name[0] == '.') == (hidden == Hidden::only)) {
      names.emplace_back(entry->d_name);
    }
    errno = 0;
  }
  if (errno != 0) {
    return from_errno(errno, "cannot list the tracker's folder");
  }
  std::ranges::sort(names);
  return names;
}

jobs::Result<Stamp> stamp_of(const Fd& folder, const std::string& name) {
  struct stat info{};
  if (::fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return from_errno(errno, one_line(name));
  }
  return to_stamp(info);
}

jobs::Result<FileText> read_regular(const Fd& folder, const std::string& name,
                                    std::size_t max_bytes) {
  // O_NONBLOCK: opening a FIFO or a device must not wait for anybody.
  const Fd file(::openat(folder.get(), name.c_str(),
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file) {
    if (errno == ELOOP) {
      return fail(ErrorKind::denied,
                  fmt::format("{} is a symbolic link and is not followed", one_line(name)));
    }
    return from_errno(errno, fmt::format("cannot read {}", one_line(name)));
  }
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) {
    return from_errno(errno, fmt::format("cannot read {}", one_line(name)));
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorKind::denied,
                fmt::format("{} is {}, not a file", one_line(name), kind_of(info.st_mode)));
  }
  const auto too_large = [&](std::int64_t size) {
    return fail(ErrorKind::denied, fmt::format("{} has {} bytes, more than the {} that are read",
                                               one_line(name), size, max_bytes));
  };
  if (std::cmp_greater(info.st_size, max_bytes)) {
    return too_large(info.st_size);
  }
  FileText text;
  text.stamp = to_stamp(info);
  text.bytes.resize(static_cast<std::size_t>(info.st_size) + 1);
  std::size_t used = 0;
  while (true) {
    const ssize_t got = ::read(file.get(), text.bytes.data() + used, text.bytes.size() - used);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return from_errno(errno, fmt::format("cannot read {}", one_line(name)));
    }
    if (got == 0) {
      break;
    }
    used += static_cast<std::size_t>(got);
    if (used > max_bytes) {
      return too_large(static_cast<std::int64_t>(used));
    }
    if (used == text.bytes.size()) {
      text.bytes.resize(used * 2);
    }
  }
  text.bytes.resize(used);
  return text;
}

}  // namespace runner::trackers

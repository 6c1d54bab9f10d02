#include "worktrees/safe_fs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/fd.h"

namespace worktrees {
namespace {

namespace fs = std::filesystem;
using jobs::ErrorKind;

/// The directory of root/relative opened step by step without following a link, and the last
/// component.
struct Place {
  Fd directory;
  std::string name;
};

jobs::Result<std::optional<Place>> open_place(const std::string& root, std::string_view relative,
                                              bool create) {
  const std::string whole = fmt::format("{}/{}", root, relative);
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  Fd directory(::open(root.c_str(), kFlags));
  if (!directory.ok()) {
    if (errno == ENOENT && !create) {
      return std::optional<Place>{};
    }
    return system_error(errno, "open", root);
  }
  for (;;) {
    const std::size_t slash = relative.find('/');
    const std::string part(relative.substr(0, slash));
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string::npos) {
      return jobs::fail(ErrorKind::usage,
                        fmt::format("unsafe path {}", jobs::one_line(whole, 300)));
    }
    if (slash == std::string_view::npos) {
      return std::optional<Place>(Place{std::move(directory), part});
    }
    relative.remove_prefix(slash + 1);
    if (create && ::mkdirat(directory.get(), part.c_str(), 0777) != 0 && errno != EEXIST) {
      return system_error(errno, "make a directory of", whole);
    }
    Fd next(::openat(directory.get(), part.c_str(), kFlags | O_NOFOLLOW));
    if (!next.ok()) {
      if (errno == ENOENT) {
        return std::optional<Place>{};
      }
      return system_error(errno, "open a directory of", whole);
    }
    directory = std::move(next);
  }
}

}  // namespace

jobs::Error system_error(int number, std::string_view what, std::string_view path) {
  ErrorKind kind = ErrorKind::transient;
  if (number == ELOOP || number == ENOTDIR || number == EISDIR || number == EEXIST) {
    kind = ErrorKind::conflict;
  } else if (number == EACCES || number == EPERM || number == EROFS) {
    kind = ErrorKind::denied;
  }
  return jobs::fail(kind, fmt::format("cannot {} {}: {}", what, jobs::one_line(path, 300),
                                      std::strerror(number)));
}

PathKind kind_of(const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) {
    return PathKind::nothing;
  }
  if (S_ISDIR(info.st_mode)) {
    return PathKind::directory;
  }
  if (S_ISREG(info.st_mode)) {
    return PathKind::file;
  }
  return S_ISLNK(info.st_mode) ? PathKind::link : PathKind::other;
}

bool has_other_names(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 && info.st_nlink > 1;
}

jobs::Result<std::optional<std::string>> read_below(const std::string& root,
                                                    std::string_view relative,
                                                    std::size_t max_bytes) {
  const std::string whole = fmt::format("{}/{}", root, relative);
  RUNNER_ASSIGN(auto place, open_place(root, relative, false));
  if (!place) {
    return std::optional<std::string>{};
  }
  // O_NONBLOCK: a pipe planted at this name must not make us wait for a writer.
  const Fd file(::openat(place->directory.get(), place->name.c_str(),
                         O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file.ok()) {
    if (errno == ENOENT) {
      return std::optional<std::string>{};
    }
    return system_error(errno, "open", whole);
  }
  struct stat info{};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return jobs::fail(ErrorKind::conflict,
                      fmt::format("{} is not a regular file", jobs::one_line(whole, 300)));
  }
  std::string content;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return system_error(errno, "read", whole);
    }
    if (got == 0) {
      return std::optional<std::string>(std::move(content));
    }
    content.append(buffer.data(), static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      return jobs::fail(ErrorKind::conflict, fmt::format("{} is longer than {} bytes",
                                                         jobs::one_line(whole, 300), max_bytes));
    }
  }
}

jobs::Status write_below(const std::string& root, std::string_view relative,
                         std::string_view content, Durability durability) {
  const std::string whole = fmt::format("{}/{}", root, relative);
  RUNNER_ASSIGN(auto place, open_place(root, relative, true));
  if (!place) {
    return jobs::fail(ErrorKind::transient, fmt::format("{} vanished", jobs::one_line(whole, 300)));
  }
  const std::string temporary = unique_name(".runner-new");
  const int directory = place->directory.get();
  Fd file(::openat(directory, temporary.c_str(),
                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file.ok()) {
    return system_error(errno, "create a file beside", whole);
  }
  const auto give_up = [&](std::string_view what) -> jobs::Error {
    const int number = errno;
    ::unlinkat(directory, temporary.c_str(), 0);
    return system_error(number, what, whole);
  };
  if (!write_all(file.get(), content)) {
    return give_up("write");
  }
  if (durability == Durability::synced && ::fsync(file.get()) != 0) {
    return give_up("write");
  }
  if (::renameat(directory, temporary.c_str(), directory, place->name.c_str()) != 0) {
    return give_up("replace");
  }
  if (durability == Durability::synced && ::fsync(directory) != 0) {
    return system_error(errno, "write the directory of", whole);
  }
  return jobs::ok();
}

jobs::Status sync_file_system(const std::string& path) {
  const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok() || ::syncfs(directory.get()) != 0) {
    return system_error(errno, "write to the disk", path);
  }
  return jobs::ok();
}

jobs::Status move_below(const std::string& from, const std::string& root,
                        std::string_view relative) {
  RUNNER_ASSIGN(auto place, open_place(root, relative, true));
  if (!place ||
      ::renameat(AT_FDCWD, from.c_str(), place->directory.get(), place->name.c_str()) != 0) {
    return system_error(errno, "replace", fmt::format("{}/{}", root, relative));
  }
  return jobs::ok();
}

jobs::Status remove_below(const std::string& root, std::string_view relative) {
  RUNNER_ASSIGN(auto place, open_place(root, relative, false));
  if (place && ::unlinkat(place->directory.get(), place->name.c_str(), 0) != 0 && errno != ENOENT) {
    return system_error(errno, "remove", fmt::format("{}/{}", root, relative));
  }
  return jobs::ok();
}

jobs::Status make_directories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return system_error(error.value(), "make the directory", path);
  }
  return jobs::ok();
}

jobs::Status remove_tree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) {
    return jobs::ok();
  }
  // Package caches like to make their directories read-only; the owner may undo that.
  std::error_code ignored;
  fs::permissions(path, fs::perms::owner_all, fs::perm_options::add | fs::perm_options::nofollow,
                  ignored);
  for (auto it = fs::recursive_directory_iterator(
           path, fs::directory_options::skip_permission_denied, ignored);
       !ignored && it != fs::recursive_directory_iterator(); it.increment(ignored)) {
    if (kind_of(it->path().string()) == PathKind::directory) {
      std::error_code skipped;
      fs::permissions(it->path(), fs::perms::owner_all, fs::perm_options::add, skipped);
    }
  }
  fs::remove_all(path, error);
  if (error) {
    return system_error(error.value(), "remove", path);
  }
  return jobs::ok();
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto it = fs::directory_iterator(path, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string odd_file_in(const std::string& path) {
  std::error_code error;
  for (auto it = fs::directory_iterator(path, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    // The type comes with the directory's entry: no call per file.
    std::error_code unknown;
    if (it->symlink_status(unknown).type() != fs::file_type::regular) {
      return it->path().filename().string();
    }
  }
  return {};
}

std::int64_t tree_bytes(const std::string& path) {
  std::int64_t bytes = 0;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(
           path, fs::directory_options::skip_permission_denied, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    struct stat info{};
    if (::lstat(it->path().c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
      bytes += info.st_size;
    }
  }
  return bytes;
}

jobs::Result<FreeSpace> free_space(const std::string& path) {
  struct statvfs info{};
  if (::statvfs(path.c_str(), &info) != 0) {
    return system_error(errno, "ask for the free space of", path);
  }
  FreeSpace free{
      .bytes = static_cast<std::int64_t>(info.f_bavail) * static_cast<std::int64_t>(info.f_frsize),
      .inodes = std::nullopt};
  if (info.f_files != 0) {
    free.inodes = static_cast<std::int64_t>(info.f_favail);
  }
  return free;
}

std::string unique_name(std::string_view prefix) {
  static std::atomic<unsigned> counter{0};
  struct timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return fmt::format("{}.{}.{:x}.{}", prefix, ::getpid(), now.tv_nsec, counter.fetch_add(1));
}

}  // namespace worktrees

#include "worktrees/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include "worktrees/fd.h"

namespace worktrees {

int open_step_by_step(int root, const char* whole, int flags, mode_t mode) {
  std::string_view path = whole;
  if (path.starts_with('/')) {
    errno = EXDEV;
    return -1;
  }
  Fd folder;
  for (std::size_t slash = 0; (slash = path.find('/')) != std::string_view::npos;) {
    const std::string part(path.substr(0, slash));
    path.remove_prefix(slash + 1);
    if (part == "..") {
      errno = EXDEV;
      return -1;
    }
    Fd next(::openat(folder.ok() ? folder.get() : root, part.c_str(),
                     O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.ok()) {
      return -1;
    }
    folder = std::move(next);
  }
  if (path.empty() || path == "..") {
    errno = EXDEV;
    return -1;
  }
  return ::openat(folder.ok() ? folder.get() : root, std::string(path).c_str(),
                  flags | O_NOFOLLOW | O_CLOEXEC, mode);
}

int open_beneath(int root, const char* path, int flags, mode_t mode) {
  static std::atomic<bool> unknown{false};
  if (!unknown.load(std::memory_order_relaxed)) {
    open_how how{};
    how.flags = static_cast<__u64>(flags | O_NOFOLLOW | O_CLOEXEC);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    // Old filters answer EPERM for what they do not know.
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) {
      return static_cast<int>(fd);
    }
    unknown = true;
  }
  return open_step_by_step(root, path, flags, mode);
}

Parent::Parent(int root, std::string_view path) {
  const std::size_t slash = path.rfind('/');
  name_ = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  const std::string folder(slash == std::string_view::npos ? "." : path.substr(0, slash));
  folder_ = Fd(open_beneath(root, folder.c_str(), O_PATH | O_DIRECTORY));
}

mode_t creation_mask() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (constexpr std::string_view kLabel = "Umask:"; line.starts_with(kLabel)) {
      return static_cast<mode_t>(std::strtoul(line.c_str() + kLabel.size(), nullptr, 8));
    }
  }
  return 022;
}

}  // namespace worktrees

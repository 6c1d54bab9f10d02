#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include "worktrees/fd.h"

/// The entries of an opened directory. Private to this room.
namespace worktrees {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

/// A directory of ours by its path; the last part may not be a link.
[[nodiscard]] inline Fd open_folder(const std::string& path) {
  return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Null with errno if it is none.
[[nodiscard]] inline Directory open_directory(Fd folder) {
  Directory open(folder.ok() ? ::fdopendir(folder.get()) : nullptr);
  if (open != nullptr) {
    (void)folder.release();
  }
  return open;
}

/// The next entry but "." and ".."; null at the end, with errno 0, or else where it cannot be read.
[[nodiscard]] inline const dirent* next_entry(DIR* directory) {
  errno = 0;
  const dirent* entry = nullptr;
  do {
    entry = directory == nullptr ? nullptr : ::readdir(directory);
  } while (entry != nullptr &&
           (std::string_view(entry->d_name) == "." || std::string_view(entry->d_name) == ".."));
  return entry;
}

/// Not through a link.
[[nodiscard]] inline bool is_directory(DIR* directory, const dirent& entry) {
  struct stat info{};
  return entry.d_type == DT_DIR ||
         (entry.d_type == DT_UNKNOWN &&
          ::fstatat(::dirfd(directory), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
          S_ISDIR(info.st_mode));
}

}  // namespace worktrees

#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace worktrees {

/// What an index keeps of a file that was written.
struct FileStat {
  std::uint32_t changed_s = 0;
  std::uint32_t changed_ns = 0;
  std::uint32_t modified_s = 0;
  std::uint32_t modified_ns = 0;
  std::uint32_t device = 0;
  std::uint32_t inode = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint32_t size = 0;
  friend bool operator==(const FileStat&, const FileStat&) = default;
};

[[nodiscard]] inline FileStat stat_of(const struct stat& info) {
  return {.changed_s = static_cast<std::uint32_t>(info.st_ctim.tv_sec),
          .changed_ns = static_cast<std::uint32_t>(info.st_ctim.tv_nsec),
          .modified_s = static_cast<std::uint32_t>(info.st_mtim.tv_sec),
          .modified_ns = static_cast<std::uint32_t>(info.st_mtim.tv_nsec),
          .device = static_cast<std::uint32_t>(info.st_dev),
          .inode = static_cast<std::uint32_t>(info.st_ino),
          .user = static_cast<std::uint32_t>(info.st_uid),
          .group = static_cast<std::uint32_t>(info.st_gid),
          .size = static_cast<std::uint32_t>(info.st_size)};
}

/// What stands where a file of a list is to be.
enum class FileState : std::uint8_t {
  absent,  ///< nothing
  other,   ///< a file or a link whose content may be any, that of the list too
  same,    ///< that of the list
};

}  // namespace worktrees

#pragma once

#include <cstdint>
#include <functional>

#include "jobs/base/result.h"

namespace worktrees {

/// What something will take of a disk.
struct Need {
  std::int64_t bytes = 0;
  std::int64_t inodes = 0;
};

/// Asked before anything is written; an error if there is no room for it.
using AskForRoom = std::function<jobs::Status(const Need&)>;

/// Of a file of `size` bytes: whole blocks of 4 KiB, as most file systems give them.
[[nodiscard]] constexpr std::int64_t bytes_on_disk(std::uint64_t size) {
  constexpr std::uint64_t kBlock = 4096;
  return static_cast<std::int64_t>((size + kBlock - 1) / kBlock * kBlock);
}

}  // namespace worktrees

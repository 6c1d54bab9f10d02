#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include <git2/types.h>

namespace worktrees::objects {

/// An object whole in memory.
struct Object {
  git_object_t type = GIT_OBJECT_INVALID;
  std::unique_ptr<char[]> bytes;
  std::size_t skipped = 0;  ///< bytes before the content
  std::size_t size = 0;     ///< of the content
  [[nodiscard]] std::string_view content() const { return {bytes.get() + skipped, size}; }
};
using ObjectPtr = std::shared_ptr<const Object>;

/// More than any zlib stream of `size` bytes is long, unless somebody made it so.
[[nodiscard]] inline std::size_t longest_stream(std::size_t size) {
  return size + size / 64 + 1024;
}

}  // namespace worktrees::objects

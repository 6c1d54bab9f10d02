#pragma once

#include <cstdint>
#include <string_view>

#include <git2/oid.h>

namespace worktrees {

/// Bits of a mode that say what sort of thing an entry is.
inline constexpr std::uint32_t kTypeBits = 0170000;

/// One entry of a tree as its object has it; `name` points into that.
struct RawEntry {
  std::uint32_t mode = 0;
  std::string_view name;
  git_oid id{};
};

/// Takes "<mode in octal> <name>\0<20 bytes>" off the front of a tree's content. False at its end,
/// and where it is damaged: then something is left of `tree`.
[[nodiscard]] bool take_entry(std::string_view& tree, RawEntry& entry);

}  // namespace worktrees

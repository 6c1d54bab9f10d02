#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What a tree may hold before a file of it is written or it is pushed. Pure.
namespace worktrees {

/// Why `name` may not stand in a tree; "" = it may. Refused: empty, ".", "..", a '/' or NUL in it,
/// and everything that some file system takes for ".git" (letter case, HFS ignorable characters,
/// NTFS short name, trailing dots, spaces and streams).
[[nodiscard]] std::string bad_entry_name(std::string_view name);

/// Why an entry may not have this raw mode; "" = it may. Set-uid, set-gid and sticky bits and every
/// type that git does not write are refused.
[[nodiscard]] std::string bad_entry_mode(std::uint32_t mode);

}  // namespace worktrees

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a tree may hold before a file of it is written or it is pushed. Pure.
namespace worktrees {

/// Why `name` may not stand in a tree; "" = it may. Refused: empty, ".", "..", a '/' or NUL in it,
/// and everything that some file system takes for ".git" (letter case, HFS ignorable characters,
/// NTFS short name, trailing dots, spaces and streams).
[[nodiscard]] std::string bad_entry_name(std::string_view name);

/// Why an entry may not have this raw mode; "" = it may. Set-uid, set-gid and sticky bits and every
/// type that git does not write are refused.
[[nodiscard]] std::string bad_entry_mode(std::uint32_t mode);

/// Looks at the entries of one tree, first to last.
class TreeGuard {
 public:
  /// What is wrong with the next entry; "" = nothing. Besides its name and mode: it stands twice,
  /// as a file and as a directory too, or not in the order that git keeps (as bytes, a directory as
  /// if its name ended in '/').
  [[nodiscard]] std::string problem_of(std::string_view name, std::uint32_t mode);

 private:
  std::string before_;              ///< the last entry, as it is compared
  std::vector<std::string> files_;  ///< names of all but directories, which are in order
};

}  // namespace worktrees

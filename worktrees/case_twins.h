#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace worktrees {

/// Paths of a commit that a file system which takes no notice of letter case holds for the same.
/// Only one of them would be there on such a machine.
struct CaseTwins {
  std::vector<std::string> pairs;  ///< "a/Read and a/read", the first few
  std::size_t all = 0;             ///< how many there are
  /// For people; "" if there are none.
  [[nodiscard]] std::string text() const;
};

/// Adds those of one directory, whose path is `where` ("" for the top one). Case as git takes it
/// where `core.ignoreCase` is set: of the letters A to Z. Pure.
void add_case_twins(CaseTwins& twins, std::string_view where,
                    const std::vector<std::string_view>& names);

}  // namespace worktrees

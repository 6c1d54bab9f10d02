#pragma once

#include "tests/bench/git/ways.h"

namespace bench {

/// Compares new worktrees, removal and recycling on one repository, all in `<folder>/trees`, and
/// prints a table of each. What the runner made is held against what git made each time it is
/// over. Throws std::runtime_error.
void compare_trees(const Subject& subject, const std::string& folder, int rounds);

/// Commit that a ref of a bare repository names.
[[nodiscard]] jobs::Oid commit_of(const std::string& repository, const std::string& ref = "HEAD");

}  // namespace bench

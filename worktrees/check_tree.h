#pragma once

#include <optional>
#include <string>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/git_handles.h"

namespace worktrees {

/// Why commits of an agent are not taken over, in the words of LandResult.
struct Refusal {
  std::string rule;
  std::string message;
};

/// Directories within one another, at most.
inline constexpr int kDeepestTree = 512;

/// What is wrong with the names, modes or order of one tree; `where` is its path, "" or ending in
/// a slash.
[[nodiscard]] std::optional<Refusal> bad_entries(const git_tree* tree, const std::string& where);

/// Checks every tree below `tree` (names, modes, targets of links, how much there is of rules). For
/// trees that came from the remote, before files are written from them.
[[nodiscard]] jobs::Result<std::optional<Refusal>> check_tree(git_repository* repository,
                                                              const jobs::Oid& tree);

}  // namespace worktrees

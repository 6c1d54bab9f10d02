#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"

/// Private to this room.
namespace worktrees {

/// Paths below `folder` that libgit2 opens by their names alone, such as .gitignore, where
/// something stands that is no file: opening a pipe waits for somebody to write to it, for ever.
/// To be asked for before libgit2 looks at a folder that somebody else may have written to.
[[nodiscard]] jobs::Result<std::vector<std::string>> blocking_rules(const std::string& folder);

/// Removes them: there is no work in them.
[[nodiscard]] jobs::Status remove_blocking_rules(const std::string& folder);

}  // namespace worktrees

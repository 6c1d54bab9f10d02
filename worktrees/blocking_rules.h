#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"

/// Private to this room.
namespace worktrees {

/// What stands in a folder that somebody else may have written to, where libgit2 reads rules by
/// their names alone (.gitignore, .gitattributes, .gitmodules). To be asked for before libgit2
/// looks at the folder.
struct RulesFound {
  /// Something that is no file: opening a pipe waits for somebody to write to it, for ever.
  std::vector<std::string> blocking;
  std::string too_many;  ///< why there is more than may be shown to it (rule_bytes.h); "": is not
};
[[nodiscard]] jobs::Result<RulesFound> find_rules(const std::string& folder);

/// Removes what blocks: there is no work in it. denied: there are too many rules.
[[nodiscard]] jobs::Status remove_blocking_rules(const std::string& folder);

}  // namespace worktrees

#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/git_handles.h"
#include "worktrees/remover.h"

namespace worktrees {

/// Clears `extra` paths of a folder, which no commit has: what the rules of its tree ignore stays,
/// the rest goes, and so does what matches a glob of `cold` (land_text.h), ignored or not.
/// `repository` has the folder (opened as `root`) as its work tree, with the files of its
/// commit written. A file with rules of its own that no commit has (.gitignore, .gitattributes) or
/// a .git would change what the next user sees there, so it goes first, before anything is asked
/// for.
/// True if something cold went.
[[nodiscard]] jobs::Result<bool> clear_leftovers(git_repository* repository, int root,
                                                 const Remover& remover,
                                                 const std::vector<std::string>& extra,
                                                 const std::vector<std::string>& cold);

/// Do the rules of the tree ignore this path? Only of what no commit has.
[[nodiscard]] jobs::Result<bool> is_ignored(git_repository* repository, int root,
                                            const std::string& path);

}  // namespace worktrees

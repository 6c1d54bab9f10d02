#pragma once

#include <string>
#include <vector>

#include "jobs/base/ids.h"

namespace worktrees {

/// What a turn in a worktree, or in a tree of CI, needs of git beside it. Absolute paths; only what
/// is there and no link, so that nothing an agent left decides what the next one sees.
struct AgentView {
  std::vector<std::string> writable;
  std::vector<std::string> readable;  ///< some of it lies within what is writable
  std::vector<std::string> hidden;    ///< the same
};

/// `root` as in Layout. The mirror's objects can be read, and nothing else of the mirror. Of the
/// checkout, objects, refs, their logs and the worktree's own git folder can be written, since
/// every commit writes there; what other worktrees have cannot be seen; configuration, packed refs,
/// what the remote has, borrowed objects and the links between worktree and checkout cannot be
/// changed.
[[nodiscard]] AgentView agent_view(const std::string& root, const jobs::RepoName& repo,
                                   const std::string& cwd);

}  // namespace worktrees

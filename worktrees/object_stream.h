#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "worktrees/git_error.h"

namespace worktrees {

/// Hands the content of an object to `sink` piece by piece, first to last. A loose object in the
/// folder `objects` is read so from its file, however large it is; any other is read whole by
/// libgit2, within its bounds (git_memory.h). No link is followed. What comes out is not compared
/// with `id`: a caller who keeps it does that.
[[nodiscard]] jobs::Status stream_object(git_odb* odb, const std::string& objects,
                                         const git_oid& id,
                                         const std::function<jobs::Status(std::string_view)>& sink);

}  // namespace worktrees

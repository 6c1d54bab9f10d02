#pragma once

#include <string>

#include "jobs/base/result.h"
#include "worktrees/git_handles.h"
#include "worktrees/objects/piecewise.h"
#include "worktrees/objects/store.h"

namespace worktrees {

/// Hands the content of an object to `sink` piece by piece, first to last. A loose object in the
/// folder `objects` is read so from its file, however large it is; any other is read whole by
/// libgit2, within its bounds (git_memory.h). No link is followed. What comes out is not compared
/// with `id`: a caller who keeps it does that.
[[nodiscard]] jobs::Status stream_object(git_odb* odb, const std::string& objects,
                                         const git_oid& id, const objects::Sink& sink);

/// The same for a blob of a mirror, which was verified when it came: one that a pack has whole
/// comes piece by piece, too. Git stores files of more than core.bigFileThreshold (512 MiB) so.
/// corrupt: it is no blob.
[[nodiscard]] jobs::Status stream_object(git_odb* odb, const objects::Store& store,
                                         const git_oid& id, const objects::Sink& sink);

}  // namespace worktrees

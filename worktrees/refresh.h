#pragma once

#include <string>

#include <git2.h>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/remote.h"

/// What the remote's branches are now, asked in the cheapest way that the remote understands.
namespace worktrees {

/// The base branch's head on the remote; writes nothing. not_found: no such branch (the message
/// lists those there are).
[[nodiscard]] jobs::Result<jobs::Oid> remote_base(const RemoteAccess& access,
                                                  const std::string& base);

/// The same, and its commit is in the mirror afterwards, as refs/remotes/origin/<base>. Nothing is
/// fetched where the branch has not moved; what the mirror knows of other branches may stay as it
/// is.
[[nodiscard]] jobs::Result<jobs::Oid> refresh_base(git_repository* mirror,
                                                   const RemoteAccess& access,
                                                   const std::string& base);

/// The same, and the mirror knows every branch of the remote, and no other: for a landing, which
/// may hold nothing that is on another branch.
[[nodiscard]] jobs::Result<jobs::Oid> refresh_all(git_repository* mirror,
                                                  const RemoteAccess& access,
                                                  const std::string& base);

}  // namespace worktrees

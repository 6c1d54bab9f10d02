#pragma once

#include <map>
#include <string>
#include <vector>

#include <git2.h>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/remote.h"

/// Git's protocol 2 over HTTP, for what libgit2 1.5 does the long way: it speaks protocol 0, in
/// which the server lists every ref of the repository each time (docs/decisions/0010).
namespace worktrees {

/// Whether a remote was asked this way. It was not where there is no HTTP client, the URL is
/// another one, or the server does not speak version 2: libgit2 has to ask then.
enum class Spoken : bool { no, yes };

struct Branches {
  Spoken spoken = Spoken::no;
  std::map<std::string, jobs::Oid> heads;  ///< "main" -> commit
};

/// The branches of the remote whose names begin with `prefix` (all: ""), in one request. transient:
/// unreachable, or the server says so; denied: it wants another credential, or leads elsewhere.
[[nodiscard]] jobs::Result<Branches> ask_branches(const RemoteAccess& access,
                                                  const std::string& prefix);

/// Brings `wants` and all that they need into the mirror, in one request. What is below the
/// mirror's refs/remotes/origin/* is not sent again; `base` among them first. No ref is changed.
[[nodiscard]] jobs::Result<Spoken> fetch_commits(git_repository* mirror, const RemoteAccess& access,
                                                 const std::string& base,
                                                 const std::vector<jobs::Oid>& wants);

}  // namespace worktrees

#include "worktrees/refresh.h"

#include <map>
#include <vector>

#include <fmt/core.h>

#include "worktrees/git_error.h"
#include "worktrees/mirror.h"
#include "worktrees/smart_http.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;
using jobs::Oid;
using Heads = std::map<std::string, Oid>;

/// The remote has no branch `base`: says which it has.
jobs::Result<Oid> look_for(const RemoteAccess& access, const std::string& base) {
  start_libgit2();
  RUNNER_ASSIGN(const auto branches, list_branches(access));
  return find_base(branches, base, access.url);
}

/// Brings `heads`, which the remote has just named, into the mirror. No: not in this way.
jobs::Result<Spoken> follow(git_repository* mirror, const RemoteAccess& access,
                            const std::string& base, const Heads& heads) {
  std::vector<Oid> wants;
  for (const auto& [name, head] : heads) {
    if (!tree_of(mirror, head)) {
      wants.push_back(head);
    }
  }
  if (!wants.empty()) {
    RUNNER_ASSIGN(const Spoken spoken, fetch_commits(mirror, access, base, wants));
    if (spoken == Spoken::no) {
      return spoken;
    }
  }
  RUNNER_TRY(follow_branches(mirror, heads));
  return Spoken::yes;
}

/// The base as the mirror knows it now.
jobs::Result<Oid> base_in(git_repository* mirror, const RemoteAccess& access,
                          const std::string& base) {
  RUNNER_ASSIGN(const Oid head, mirror_ref(mirror, kFollowed + base));
  if (head.empty()) {
    RUNNER_TRY(look_for(access, base));
    return jobs::fail(ErrorKind::transient,
                      fmt::format("branch {} appeared while we fetched", base));
  }
  return head;
}

}  // namespace

jobs::Result<Oid> remote_base(const RemoteAccess& access, const std::string& base) {
  RUNNER_ASSIGN(const Branches branches, ask_branches(access, base));
  const auto found = branches.heads.find(base);
  return found == branches.heads.end() ? look_for(access, base) : found->second;
}

jobs::Result<Oid> refresh_base(git_repository* mirror, const RemoteAccess& access,
                               const std::string& base) {
  RUNNER_ASSIGN(const Branches branches, ask_branches(access, base));
  Spoken spoken = Spoken::no;
  if (branches.spoken == Spoken::yes) {
    const auto found = branches.heads.find(base);
    if (found == branches.heads.end()) {
      return look_for(access, base);
    }
    RUNNER_ASSIGN(spoken, follow(mirror, access, base, {*found}));
  }
  if (spoken == Spoken::no) {
    RUNNER_TRY(fetch_branches(mirror, access));
  }
  return base_in(mirror, access, base);
}

jobs::Result<Oid> refresh_all(git_repository* mirror, const RemoteAccess& access,
                              const std::string& base) {
  RUNNER_ASSIGN(const Branches branches, ask_branches(access, ""));
  Spoken spoken = Spoken::no;
  if (branches.spoken == Spoken::yes) {
    RUNNER_TRY(let_go_of_others(mirror, branches.heads));
    RUNNER_ASSIGN(spoken, follow(mirror, access, base, branches.heads));
  }
  if (spoken == Spoken::no) {
    RUNNER_TRY(fetch_branches(mirror, access));
  }
  return base_in(mirror, access, base);
}

}  // namespace worktrees

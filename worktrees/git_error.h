#pragma once

#include <string>
#include <string_view>

#include <git2.h>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"

namespace worktrees {

/// Starts libgit2 once per process and closes every door by which a configuration outside of our
/// own directories could reach it: no system, user or XDG config, no templates.
void start_libgit2();

/// libgit2's newest error of this thread as one of ours: "<what>: <libgit2's message>". `code`
/// chooses the kind.
[[nodiscard]] jobs::Error git_failure(int code, std::string_view what);
/// The same for a call that talked to a remote: unreachable is transient, refused credentials are
/// denied.
[[nodiscard]] jobs::Error remote_failure(int code, std::string_view what);
/// libgit2's newest message alone; "" = none.
[[nodiscard]] std::string last_git_message();

[[nodiscard]] std::string to_hex(const git_oid& oid);
[[nodiscard]] jobs::Oid to_oid(const git_oid& oid);
/// usage error unless `oid` is 40 hex digits.
[[nodiscard]] jobs::Result<git_oid> parse_oid(const jobs::Oid& oid);

}  // namespace worktrees

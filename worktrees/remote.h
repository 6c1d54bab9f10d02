#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/credentials.h"
#include "worktrees/git_handles.h"

/// Talking to a remote. Always through a detached or anonymous remote made from the manifest's URL,
/// never through a remote of some repository's config, which could redirect it and take the
/// credential along.
namespace worktrees {

class Web;

struct RemoteAccess {
  std::string url;
  /// CredentialSource for one repository; may be empty.
  std::function<jobs::Result<std::optional<Credential>>()> credentials;
  Web* web = nullptr;                 ///< none: everything goes through libgit2
  GuardedOrigins* guarded = nullptr;  ///< may be none
  jobs::RemoteAuth auth = {};         ///< ssh: the key and the host keys; https is `credentials`
};

/// Branch name -> head, of everything below refs/heads/ on the remote. Writes nothing anywhere.
[[nodiscard]] jobs::Result<std::map<std::string, jobs::Oid>> list_branches(
    const RemoteAccess& access);

/// The head of `base` among `branches`; not_found says which branches there are and which may have
/// been meant.
[[nodiscard]] jobs::Result<jobs::Oid> find_base(const std::map<std::string, jobs::Oid>& branches,
                                                const std::string& base, std::string_view url);

/// Brings refs/remotes/origin/* of `mirror` into agreement with the remote's branches. No tags.
[[nodiscard]] jobs::Status fetch_branches(git_repository* mirror, const RemoteAccess& access);

/// What a push came to. A lost race is an Error (transient); the server's own "no" is a refusal.
struct PushResult {
  bool accepted = false;
  std::string refusal;  ///< the server's words and its hook's, one line
};

/// Moves the remote's `branch` from `expected` to `commit`, a descendant of it; empty: there is no
/// such branch yet. Any other old value loses the race: nothing in this program can replace commits
/// on a remote.
[[nodiscard]] jobs::Result<PushResult> push_commit(git_repository* mirror,
                                                   const RemoteAccess& access,
                                                   const std::string& branch,
                                                   const jobs::Oid& expected,
                                                   const jobs::Oid& commit);

/// The local path that a URL means ("/srv/a.git", "file:///srv/a.git"); nothing for a real URL.
[[nodiscard]] std::optional<std::string> local_path(std::string_view url);

/// "https://host:port" of a URL, without a user in it; empty where it has no scheme.
[[nodiscard]] std::string origin_of(std::string_view url);

/// `url` without a user and password in it, for messages.
[[nodiscard]] std::string shown_url(std::string_view url);

}  // namespace worktrees

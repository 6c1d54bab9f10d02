#pragma once

#include <functional>

#include "jobs/model/fleet.h"
#include "runner/http/secret.h"
#include "worktrees/credentials.h"

namespace runner {

/// What the tracker of a repository says that we are on its forge, for git: user and token. Asked
/// each time, because some tokens live for an hour only.
using TrackerCredential = std::function<jobs::Result<worktrees::Credential>(const jobs::Repo&)>;

/// Who we are to each remote of the fleet, as its manifest says. Secrets are read when a server
/// asks, and kept nowhere. `of_tracker` may be empty: then `remote_as_tracker` is an error that
/// says so.
[[nodiscard]] worktrees::CredentialSource git_credentials(const jobs::Fleet& fleet,
                                                          http::Environment environment,
                                                          TrackerCredential of_tracker = {});

/// Whether a forge whose API is at `api` and a remote are the same host, so that one may be told
/// what the other is told ("https://api.github.com" is github.com's).
[[nodiscard]] bool same_forge(const std::string& api, const std::string& remote);

}  // namespace runner

#pragma once

#include <functional>
#include <optional>
#include <string>

namespace worktrees {

/// A user and a secret for one remote.
struct Credential {
  std::string user;
  std::string secret;  ///< password or token
};

/// Asked when a remote wants to know who we are; nothing = we have none. Called at most twice per
/// connection, so that a wrong secret does not loop. May be empty.
using CredentialSource = std::function<std::optional<Credential>(const std::string& url)>;

}  // namespace worktrees

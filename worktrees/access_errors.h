#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jobs/base/error.h"
#include "worktrees/credentials.h"

/// What a remote's "who are you?" ends in, in the same words whichever way it was asked. Each says
/// what to do. `what` begins the sentence: "cannot fetch from https://git.example.org/shop.git".
namespace worktrees {

/// It asks, and we have nothing to say.
[[nodiscard]] jobs::Error nobody_known(std::string_view what);
/// It does not accept what we said.
[[nodiscard]] jobs::Error credential_refused(std::string_view what, const Credential& credential);
/// It knows who we are, and that one may not do this.
[[nodiscard]] jobs::Error access_forbidden(std::string_view what,
                                           const std::optional<Credential>& credential);
/// ssh: the account of the server does not accept our key.
[[nodiscard]] jobs::Error key_refused(std::string_view what, std::string_view user,
                                      std::string_view key_file);

/// ssh: our key cannot be read.
[[nodiscard]] jobs::Error key_unusable(std::string_view what, std::string_view key_file);

/// `text` without the secret, as it is and as HTTP carries it: a server may repeat what it was
/// told.
[[nodiscard]] std::string without_secret(std::string text, const Credential& credential);

}  // namespace worktrees

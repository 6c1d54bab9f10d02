#include "worktrees/access_errors.h"

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/known_hosts.h"

namespace worktrees {

using jobs::ErrorKind;

namespace {

std::string shown(const Credential& credential) {
  return fmt::format(
      "user {}{}", jobs::one_line(credential.user, 80),
      credential.origin.empty() ? "" : fmt::format(", {}", jobs::one_line(credential.origin, 200)));
}

void take_out(std::string& text, const std::string& part) {
  constexpr std::string_view kGone = "[redacted]";
  for (std::size_t at = text.find(part); !part.empty() && at != std::string::npos;
       at = text.find(part, at + kGone.size())) {
    text.replace(at, part.size(), kGone);
  }
}

}  // namespace

jobs::Error nobody_known(std::string_view what) {
  return jobs::fail(
      ErrorKind::denied,
      fmt::format("{}: the server wants to know who asks, and no credential is declared for it",
                  what),
      "set remote_user, and remote_token_env or remote_token_file, of the repository");
}

jobs::Error credential_refused(std::string_view what, const Credential& credential) {
  return jobs::fail(
      ErrorKind::denied,
      fmt::format("{}: the server does not accept the credential ({})", what, shown(credential)),
      "the token is wrong or has expired, or belongs to another user: put a valid one there");
}

jobs::Error access_forbidden(std::string_view what, const std::optional<Credential>& credential) {
  return jobs::fail(
      ErrorKind::denied,
      fmt::format("{}: the server forbids it{}", what,
                  credential ? fmt::format(" to the credential ({})", shown(*credential)) : ""),
      "give that account the permission to read the repository and to push to it; a server "
      "without pushing over HTTP answers like this, too");
}

jobs::Error key_refused(std::string_view what, std::string_view user, std::string_view key_file) {
  const std::string file = jobs::one_line(key_file, 300);
  return jobs::fail(
      ErrorKind::denied,
      fmt::format("{}: the server does not accept the key {} for the user {}", what, file,
                  jobs::one_line(user, 80)),
      fmt::format("give that account the public key that `ssh-keygen -y -f {}` prints; the key has "
                  "to be ed25519 or ecdsa, without a passphrase",
                  file));
}

jobs::Error key_unusable(std::string_view what, std::string_view key_file) {
  const std::string file = jobs::one_line(key_file, 300);
  return jobs::fail(
      ErrorKind::denied,
      fmt::format("{}: {} is no private key, or one with a passphrase, which nobody is asked for",
                  what, file),
      fmt::format("make one without: `ssh-keygen -t ed25519 -N '' -f {}`", file));
}

std::string without_secret(std::string text, const Credential& credential) {
  take_out(text, credential.secret);
  take_out(text, base64(credential.user + ":" + credential.secret));
  return text;
}

}  // namespace worktrees

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Host keys of ssh servers, and the file that pins them (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
/// Pure: bytes in, a verdict out. Certificates of hosts are not understood, and so never trusted.
namespace worktrees {

struct SshHost {
  std::string name;
  int port = 22;
  /// As the file writes it: "git.example.org", "[git.example.org]:2222".
  [[nodiscard]] std::string pattern() const;
};

/// Whom an ssh remote means: "ssh://git@host:2222/shop.git", "git@host:shop.git".
struct SshRemote {
  std::string user;  ///< "" = the URL names none
  SshHost host;
};
/// Nothing in `host.name` if the URL is no ssh remote.
[[nodiscard]] SshRemote parse_ssh_remote(std::string_view url);
[[nodiscard]] bool is_ssh(std::string_view url);

enum class HostKeyTrust : std::uint8_t {
  pinned,   ///< this very key stands in the file for this host
  unknown,  ///< the file has no key of this type for it
  changed,  ///< the file has another key of this type for it
  revoked,  ///< the file says that this key is not to be trusted
};

struct HostKeyVerdict {
  HostKeyTrust trust = HostKeyTrust::unknown;
  std::vector<std::string> known;  ///< what the file has for the host: "ssh-ed25519 SHA256:..."
};

/// `key` as the server shows it, not encoded.
[[nodiscard]] HostKeyVerdict judge_host_key(std::string_view known_hosts, const SshHost& host,
                                            std::string_view key);

/// "ssh-ed25519", from the key itself; "" if these bytes are no key.
[[nodiscard]] std::string key_type(std::string_view key);
/// "SHA256:..." as ssh-keygen prints it.
[[nodiscard]] std::string fingerprint(std::string_view key);
[[nodiscard]] std::string base64(std::string_view bytes);
/// Nothing but "" on what is not base64.
[[nodiscard]] std::string from_base64(std::string_view text);

}  // namespace worktrees

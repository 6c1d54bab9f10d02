#include "worktrees/remote_session.h"

#include <algorithm>
#include <cctype>
#include <exception>
#include <fstream>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "jobs/base/text.h"
#include "worktrees/access_errors.h"
#include "worktrees/git_error.h"
#include "worktrees/known_hosts.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

using jobs::ErrorKind;

namespace {

constexpr std::streamsize kMostKnownHosts = 4 << 20;
constexpr std::size_t kMostWords = 2000;
constexpr const char* kUsualUser = "git";

// No exception may cross libgit2's C frames: every callback that can throw is wrapped.
template <typename Body>
int guarded(Body body) noexcept {
  try {
    return body();
  } catch (const std::exception& error) {
    git_error_set_str(GIT_ERROR_CALLBACK, error.what());
    return GIT_EUSER;
  }
}

std::string ssh_user(const RemoteAccess& access) {
  const std::string user = parse_ssh_remote(access.url).user;
  if (!user.empty()) {
    return user;
  }
  return access.auth.user.empty() ? kUsualUser : access.auth.user;
}

bool same_host(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string read_known_hosts(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(kMostKnownHosts), '\0');
  file.read(text.data(), kMostKnownHosts);
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

/// Counters that git counts upwards on a terminal are nothing that anybody said.
std::string without_counters(std::string_view words) {
  std::string out;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find_first_of("\r\n"), words.size());
    const std::string_view line = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    if (!line.empty() && line.find('%') == std::string_view::npos) {
      out += (out.empty() ? "" : " ") + std::string(line);
    }
  }
  return out;
}

}  // namespace

void RemoteSession::expect(const jobs::Oid& expected, const jobs::Oid& commit) {
  expected_ = expected.str();
  commit_ = commit.str();
}

git_remote_callbacks RemoteSession::callbacks() {
  git_remote_callbacks callbacks = GIT_REMOTE_CALLBACKS_INIT;
  callbacks.credentials = on_credential;
  callbacks.certificate_check = on_certificate;
  callbacks.transfer_progress = on_progress;
  callbacks.sideband_progress = on_words;
  callbacks.push_negotiation = on_negotiation;
  callbacks.push_update_reference = on_update;
  callbacks.payload = this;
  return callbacks;
}

jobs::Status RemoteSession::check(std::string_view what) const {
  if (!is_ssh(access_.url)) {
    return jobs::ok();
  }
  for (const auto& [key, path] : {std::pair("ssh_key", &access_.auth.ssh_key),
                                  std::pair("ssh_known_hosts", &access_.auth.known_hosts)}) {
    if (path->empty()) {
      return jobs::fail(ErrorKind::denied,
                        fmt::format("{}: the repository has no {}, and no agent or folder of the "
                                    "user is asked instead",
                                    what, key),
                        fmt::format("set {} of the repository to the path of a file", key));
    }
    if (!std::ifstream(*path).good() || kind_of(*path) == PathKind::directory) {
      return jobs::fail(ErrorKind::denied,
                        fmt::format("{}: the file {} that {} names cannot be read", what,
                                    jobs::one_line(*path, 300), key),
                        "put it there, readable for the runner");
    }
  }
  return jobs::ok();
}

jobs::Error RemoteSession::failure(int code, std::string_view what) const {
  if (error_) {
    jobs::Error error = *error_;
    error.message = fmt::format("{}: {}", what, error.message);
    return error;
  }
  jobs::Error error = remote_failure(code, what);
  if (is_ssh(access_.url) && error.message.find("private key") != std::string::npos) {
    return key_unusable(what, access_.auth.ssh_key);
  }
  if (is_ssh(access_.url) && error.kind == ErrorKind::denied) {
    // A server that refuses a key says so and is asked for other ways, which ends in `give_key`.
    // Here nothing was answered any more: the connection broke, or the server hung up.
    error.kind = ErrorKind::transient;
    error.hint =
        keys_shown_ > 0
            ? fmt::format(
                  "the connection ended before the server said whether it takes the key {}; "
                  "if that stays so, look into the server's log",
                  jobs::one_line(access_.auth.ssh_key, 300))
            : "check that the remote exists and can be reached";
  }
  if (error.kind == ErrorKind::denied && error.message.find("403") != std::string::npos) {
    error = access_forbidden(what, told_);
  }
  if (told_) {
    error.message = without_secret(std::move(error.message), *told_);
  }
  return error;
}

std::string RemoteSession::refusal() const {
  if (status_.empty()) {
    return {};
  }
  const std::string words = without_counters(words_);
  std::string all = words.empty() ? status_ : fmt::format("{}; it says: {}", status_, words);
  return jobs::one_line(told_ ? without_secret(std::move(all), *told_) : std::move(all), 600);
}

int RemoteSession::refuse(jobs::Error error) {
  git_error_set_str(GIT_ERROR_CALLBACK, "refused by the runner");
  error_ = std::move(error);
  return GIT_EUSER;
}

int RemoteSession::give_credential(git_credential** out, const char* url, const char* user,
                                   unsigned allowed) {
  // Redirects are not followed; should one slip through, nobody else is told who we are.
  if (url != nullptr && origin_of(url) != origin_of(access_.url)) {
    return refuse(jobs::fail(ErrorKind::denied,
                             "another host than the manifest's wants to know who asks",
                             "write the final URL into the manifest"));
  }
  if (is_ssh(access_.url)) {
    return give_key(out, user, allowed);
  }
  if ((allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) == 0U) {
    return refuse(jobs::fail(ErrorKind::denied, "the server takes no user with a password or token",
                             "let it offer HTTP's basic authentication"));
  }
  return give_password(out, user);
}

int RemoteSession::give_password(git_credential** out, const char* user) {
  auto credential = access_.credentials ? access_.credentials()
                                        : jobs::Result<std::optional<Credential>>(std::nullopt);
  if (!credential) {
    return refuse(std::move(credential).error());
  }
  // The begin of the sentence comes later: `failure` knows what was being done.
  const auto refused = [&](jobs::Error error) {
    error.message.erase(0, error.message.find(": ") + 2);
    return refuse(std::move(error));
  };
  if (!*credential) {
    return refused(nobody_known("-"));
  }
  Credential& now = **credential;
  if (told_ && told_->user == now.user && told_->secret == now.secret) {
    return refused(credential_refused("-", now));
  }
  told_ = std::move(now);
  const std::string name = told_->user.empty() && user != nullptr ? user : told_->user;
  return git_credential_userpass_plaintext_new(out, name.c_str(), told_->secret.c_str());
}

int RemoteSession::give_key(git_credential** out, const char* user, unsigned allowed) {
  const std::string name = ssh_user(access_);
  if ((allowed & GIT_CREDENTIAL_USERNAME) != 0U) {
    return git_credential_username_new(out, name.c_str());
  }
  if ((allowed & GIT_CREDENTIAL_SSH_KEY) == 0U || keys_shown_++ > 0) {
    jobs::Error error = key_refused("-", name, access_.auth.ssh_key);
    error.message.erase(0, error.message.find(": ") + 2);
    return refuse(std::move(error));
  }
  return git_credential_ssh_key_new(out, user == nullptr ? name.c_str() : user, nullptr,
                                    access_.auth.ssh_key.c_str(), nullptr);
}

int RemoteSession::check_host(const git_cert* certificate, bool valid, const char* host) {
  if (certificate->cert_type == GIT_CERT_HOSTKEY_LIBSSH2) {
    // libgit2's own opinion comes from the user's folder, which is nobody's manifest.
    const auto* shown = reinterpret_cast<const git_cert_hostkey*>(certificate);
    if ((shown->type & GIT_CERT_SSH_RAW) == 0) {
      return refuse(jobs::fail(ErrorKind::denied, "the server shows no host key"));
    }
    return check_host_key({shown->hostkey, shown->hostkey_len}, host == nullptr ? "" : host);
  }
  if (valid) {
    return 0;
  }
  return refuse(jobs::fail(ErrorKind::denied, "the server's certificate is not accepted",
                           "let it show one of an authority that this machine trusts"));
}

int RemoteSession::check_host_key(std::string_view key, std::string_view host) {
  const SshHost meant = parse_ssh_remote(access_.url).host;
  const std::string file = jobs::one_line(access_.auth.known_hosts, 300);
  const std::string type = key_type(key);
  if (type.empty() || !same_host(host, meant.name)) {
    return refuse(jobs::fail(ErrorKind::denied, "the server shows no usable host key"));
  }
  const HostKeyVerdict verdict =
      judge_host_key(read_known_hosts(access_.auth.known_hosts), meant, key);
  const std::string shown = fmt::format(
      "{} shows the host key {} {}", jobs::one_line(meant.pattern(), 200), type, fingerprint(key));
  const std::string pin = fmt::format("`{} {} {}` in {}", jobs::one_line(meant.pattern(), 200),
                                      type, base64(key), file);
  const std::string known =
      verdict.known.empty() ? "nothing" : fmt::format("{}", fmt::join(verdict.known, ", "));
  switch (verdict.trust) {
    case HostKeyTrust::pinned: return 0;
    case HostKeyTrust::unknown:
      return refuse(jobs::fail(
          ErrorKind::denied,
          fmt::format("{}, which is not pinned: {} has {} for it", shown, file, known),
          fmt::format("ask whoever runs it whether that is its key, and if so pin it: the line {}",
                      pin)));
    case HostKeyTrust::changed:
      return refuse(jobs::fail(
          ErrorKind::denied,
          fmt::format("{}, which is another than the pinned one: {} has {} for it", shown, file,
                      known),
          fmt::format("somebody may stand in between: ask whoever runs the server whether its key "
                      "was changed, and only then replace its line by {}",
                      pin)));
    case HostKeyTrust::revoked:
      return refuse(jobs::fail(ErrorKind::denied,
                               fmt::format("{}, which {} calls revoked", shown, file),
                               "ask whoever runs the server for its new key"));
  }
  return GIT_EUSER;
}

int RemoteSession::on_credential(git_credential** out, const char* url, const char* user,
                                 unsigned allowed, void* session) {
  return guarded([&] {
    return static_cast<RemoteSession*>(session)->give_credential(out, url, user, allowed);
  });
}

int RemoteSession::on_certificate(git_cert* certificate, int valid, const char* host,
                                  void* session) {
  return guarded([&] {
    return static_cast<RemoteSession*>(session)->check_host(certificate, valid != 0, host);
  });
}

int RemoteSession::on_negotiation(const git_push_update** updates, size_t count, void* session) {
  return guarded([&]() -> int {
    auto* self = static_cast<RemoteSession*>(session);
    if (count != 1 || to_hex(updates[0]->src) != self->expected_ ||
        to_hex(updates[0]->dst) != self->commit_) {
      self->lost_race_ = true;
      git_error_set_str(GIT_ERROR_CALLBACK, "the remote branch moved");
      return GIT_EUSER;
    }
    return 0;
  });
}

int RemoteSession::on_update(const char* /*reference*/, const char* status, void* session) {
  return guarded([&]() -> int {
    if (status != nullptr) {
      static_cast<RemoteSession*>(session)->status_ = jobs::one_line(status, 300);
    }
    return 0;
  });
}

int RemoteSession::on_progress(const git_indexer_progress* progress, void* session) {
  return guarded([&]() -> int {
    return static_cast<RemoteSession*>(session)->watch_.goes_on(*progress) ? 0 : GIT_EUSER;
  });
}

int RemoteSession::on_words(const char* text, int length, void* session) {
  return guarded([&]() -> int {
    auto* self = static_cast<RemoteSession*>(session);
    self->words_.append(text, static_cast<std::size_t>(std::max(length, 0)));
    if (self->words_.size() > kMostWords) {
      self->words_.erase(0, self->words_.size() - kMostWords);
    }
    return 0;
  });
}

}  // namespace worktrees

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <git2.h>

#include "jobs/base/error.h"
#include "worktrees/pack_watch.h"
#include "worktrees/remote.h"

namespace worktrees {

/// One connection through libgit2: who we are, whom we talk to, and what was said. libgit2 calls
/// back into it; what a callback finds is the connection's error, in our words.
class RemoteSession {
 public:
  explicit RemoteSession(const RemoteAccess& access) : access_(access) {}
  RemoteSession(const RemoteSession&) = delete;
  RemoteSession& operator=(const RemoteSession&) = delete;

  /// For a connection of which this outlives all.
  [[nodiscard]] git_remote_callbacks callbacks();
  /// A push may move the branch from `expected` to `commit` and do nothing else.
  void expect(const jobs::Oid& expected, const jobs::Oid& commit);

  /// Nothing, unless what has to be known beforehand is not: an ssh key that is not there.
  [[nodiscard]] jobs::Status check(std::string_view what) const;
  /// The error of a call that ended with `code`. `what` begins its sentence.
  [[nodiscard]] jobs::Error failure(int code, std::string_view what) const;
  [[nodiscard]] bool lost_race() const { return lost_race_; }
  /// Why the server did not take a push; "" = it did.
  [[nodiscard]] const std::string& status() const { return status_; }
  /// The same, and what its hooks said.
  [[nodiscard]] std::string refusal() const;

 private:
  int give_credential(git_credential** out, const char* url, const char* user, unsigned allowed);
  int give_password(git_credential** out, const char* user);
  int give_key(git_credential** out, const char* user, unsigned allowed);
  int check_host(const git_cert* certificate, bool valid, const char* host);
  int check_host_key(std::string_view key, std::string_view host);
  /// Remembers the error for `failure`, and is what a callback returns.
  int refuse(jobs::Error error);

  static int on_credential(git_credential** out, const char* url, const char* user,
                           unsigned allowed, void* session);
  static int on_certificate(git_cert* certificate, int valid, const char* host, void* session);
  static int on_negotiation(const git_push_update** updates, size_t count, void* session);
  static int on_update(const char* reference, const char* status, void* session);
  static int on_progress(const git_indexer_progress* progress, void* session);
  static int on_words(const char* text, int length, void* session);

  const RemoteAccess& access_;
  std::optional<Credential> told_;    ///< what the server was told last
  int keys_shown_ = 0;                ///< ssh
  std::optional<jobs::Error> error_;  ///< message: the part behind `what`
  std::string expected_;
  std::string commit_;
  bool lost_race_ = false;
  std::string status_;
  std::string words_;  ///< what the server's programs say beside, its end
  PackWatch watch_;
};

}  // namespace worktrees

#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
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

/// Origins that have asked who we are: the next request to them says so at once. From any thread.
class GuardedOrigins {
 public:
  void add(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    origins_.insert(origin);
  }
  [[nodiscard]] bool contains(const std::string& origin) const {
    const std::lock_guard lock(mutex_);
    return origins_.contains(origin);
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> origins_;
};

}  // namespace worktrees

#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"

namespace worktrees {

/// A user and a secret for one remote. Lives in memory only; stands in no error, file or argument.
struct Credential {
  std::string user;
  std::string secret;       ///< password or token
  std::string origin = {};  ///< where it lies, for messages: "variable SHOP_TOKEN"
};

/// Asked when the remote of `repo` wants to know who we are; nothing = we have none. At most twice
/// per connection: a wrong secret is sent once, and one that changed meanwhile once more. From any
/// thread. May be empty.
using CredentialSource = std::function<jobs::Result<std::optional<Credential>>(
    const jobs::Repo& repo, const std::string& url)>;

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

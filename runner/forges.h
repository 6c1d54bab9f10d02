#pragma once

#include <map>
#include <memory>
#include <string>

#include "jobs/model/fleet.h"
#include "jobs/ports/clock.h"
#include "jobs/ports/http_cache.h"
#include "runner/forge/http_api.h"
#include "runner/http/secret.h"
#include "worktrees/credentials.h"

namespace runner {

/// The forges of a fleet, each asked by one Api for the whole tick: trackers and CI share it, and
/// with it what is known about limits. Which adapters use them is for the wiring to say.
class Forges {
 public:
  /// `cache`: none = nothing is kept. All of it must outlive the result.
  Forges(const jobs::Fleet& fleet, const http::Environment& environment, jobs::Clock& clock,
         jobs::HttpCache* cache);

  /// The Api of a tracker; null if its kind has none.
  [[nodiscard]] forge::Api* of(const std::string& tracker) const;
  /// The credential of the repository's tracker, for git on the same host. denied: it has none.
  [[nodiscard]] jobs::Result<worktrees::Credential> for_git(const jobs::Repo& repo) const;

 private:
  struct Forge {
    std::unique_ptr<forge::Credential> credential;
    std::unique_ptr<forge::Api> api;
  };
  std::unique_ptr<http::Client> client_;
  forge::Traffic traffic_;
  std::map<std::string, Forge> forges_;
};

}  // namespace runner

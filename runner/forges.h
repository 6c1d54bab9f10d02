#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "jobs/model/fleet.h"
#include "jobs/ports/clock.h"
#include "jobs/ports/http_cache.h"
#include "runner/forge/http_api.h"
#include "runner/http/secret.h"
#include "worktrees/credentials.h"

namespace runner {

/// Where the API of each forge of the fleet begins, by the name of its tracker, or "ci.NAME".
[[nodiscard]] std::map<std::string, std::string> forge_roots(const jobs::Fleet& fleet);

/// The forges of a fleet, each asked by one Api for the whole tick: trackers and CI share it, and
/// with it what is known about limits. Which adapters use them is for the wiring to say.
class Forges {
 public:
  /// `cache`: none = nothing is kept. All of it must outlive the result.
  Forges(const jobs::Fleet& fleet, const http::Environment& environment, jobs::Clock& clock,
         jobs::HttpCache* cache);

  /// The Api of a tracker; null if its kind has none.
  [[nodiscard]] forge::Api* of(const std::string& tracker) const;
  /// Whom a CI asks: the forge of its tracker, or a server of its own. not_found, invalid_manifest:
  /// there is none, or no one.
  [[nodiscard]] jobs::Result<forge::Api*> of(const jobs::CiConfig& ci) const;
  /// The credential of the repository's tracker, for git on the same host. denied: it has none.
  [[nodiscard]] jobs::Result<worktrees::Credential> for_git(const jobs::Repo& repo) const;

 private:
  struct Forge {
    std::unique_ptr<forge::Credential> credential;
    std::unique_ptr<forge::Api> api;
  };
  void add(const std::string& name, const std::optional<jobs::SecretRef>& token,
           forge::ApiOptions options, const http::Environment& environment, jobs::HttpCache* cache);

  const jobs::Fleet& fleet_;
  std::unique_ptr<http::Client> client_;
  forge::Traffic traffic_;
  std::map<std::string, Forge> forges_;  ///< by tracker; servers of a CI alone as "ci.NAME"
};

/// What a forge calls a repository: its tracker_path where its issues are on a forge, else its name
/// in the fleet.
[[nodiscard]] std::string place_on_forge(const jobs::Fleet& fleet, const jobs::Repo& repo);

}  // namespace runner

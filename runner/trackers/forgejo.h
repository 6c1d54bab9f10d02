#pragma once

#include <functional>
#include <memory>
#include <string>

#include "jobs/model/fleet.h"
#include "jobs/ports/tracker.h"
#include "runner/forge/api.h"

/// Issues of a Forgejo or Gitea server (docs/forgejo.md). Nothing here knows CI.
namespace runner::trackers {

struct ForgejoOptions {
  std::string bot = "runner";  ///< never trusted, besides the account that the token belongs to
  /// What the server calls a repository of the fleet: "acme/shop".
  std::function<std::string(const jobs::Repo&)> place;
};

/// `api`, whose root ends in "/api/v1", must outlive them; both may share it.
[[nodiscard]] std::unique_ptr<jobs::TrackerReader> make_forgejo_reader(ForgejoOptions options,
                                                                       forge::Api& api);
/// Writes look before they create: a label or comment whose fate is not known is not made twice.
[[nodiscard]] std::unique_ptr<jobs::TrackerWriter> make_forgejo_writer(ForgejoOptions options,
                                                                       forge::Api& api);

}  // namespace runner::trackers

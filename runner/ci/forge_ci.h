#pragma once

#include <functional>
#include <memory>
#include <string>

#include "jobs/model/fleet.h"
#include "jobs/ports/ci.h"
#include "jobs/ports/clock.h"
#include "runner/forge/api.h"

/// CI that a forge, or a server beside it, starts by itself when a commit is pushed: its verdict is
/// read, nothing is ever started. Nothing here knows a tracker.
namespace runner::ci {

/// What all kinds need; both references must outlive the reader.
struct ForgeCi {
  jobs::CiConfig config;
  forge::Api& api;
  jobs::Clock& clock;
  /// What the forge calls a repository of the fleet: "acme/shop".
  std::function<std::string(const jobs::Repo&)> place;
};

/// Kind `checks`: GitHub's check runs and commit statuses together. denied: the credential may not
/// read one of the two, which is never taken for "no checks".
[[nodiscard]] std::unique_ptr<jobs::CiReader> make_checks_reader(ForgeCi parts);

/// Kind `forgejo`: commit statuses and Actions runs of Forgejo and Gitea.
[[nodiscard]] std::unique_ptr<jobs::CiReader> make_forgejo_reader(ForgeCi parts);

/// Kind `woodpecker`: pipelines of a Woodpecker server, whose Api this is.
[[nodiscard]] std::unique_ptr<jobs::CiReader> make_woodpecker_reader(ForgeCi parts);

/// Nothing to start, nothing kept.
[[nodiscard]] std::unique_ptr<jobs::CiWriter> make_forge_ci_writer();

}  // namespace runner::ci

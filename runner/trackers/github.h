#pragma once

#include <memory>

#include "jobs/model/fleet.h"
#include "jobs/ports/tracker.h"
#include "runner/forge/api.h"

/// Issues of GitHub and of GitHub Enterprise servers (docs/github.md). Lists are read for many
/// repositories at once and hold little; the details of an issue are asked for when it may start.
namespace runner::trackers {

/// Reading and writing are two objects: a dry run makes no writer. `api` must outlive them and be
/// shared, because what it knows about limits must be.
[[nodiscard]] std::unique_ptr<jobs::TrackerReader> make_github_reader(
    const jobs::TrackerConfig& config, forge::Api& api);
[[nodiscard]] std::unique_ptr<jobs::TrackerWriter> make_github_writer(
    const jobs::TrackerConfig& config, forge::Api& api);

}  // namespace runner::trackers

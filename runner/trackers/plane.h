#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "jobs/model/fleet.h"
#include "jobs/ports/tracker.h"
#include "runner/forge/api.h"

/// Work items of Plane (docs/plane.md). An item is in one state at a time; the labels of the model
/// stand for states of its project, which are known by name and looked up in each project anew.
namespace runner::trackers {

struct PlaneOptions {
  std::string bot = "runner";  ///< never trusted, besides the account that the token belongs to
  std::string workspace;       ///< its slug
  jobs::Labels labels;
  std::map<std::string, std::string> states;  ///< what each is called: TrackerConfig::states
  /// The identifier ("SHOP") or id of a repository's project; nothing for one of another tracker.
  std::function<std::optional<std::string>(const jobs::RepoName&)> project;
};

/// `api`, whose root ends in "/api/v1", must outlive them; both may share it.
[[nodiscard]] std::unique_ptr<jobs::TrackerReader> make_plane_reader(PlaneOptions options,
                                                                     forge::Api& api);
/// Writes look first: what a person did meanwhile to an item's state is not undone, and a comment
/// whose fate is not known is not made twice.
[[nodiscard]] std::unique_ptr<jobs::TrackerWriter> make_plane_writer(PlaneOptions options,
                                                                     forge::Api& api);

}  // namespace runner::trackers

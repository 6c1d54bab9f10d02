#pragma once

#include <functional>
#include <string>
#include <vector>

#include "jobs/model/fleet.h"
#include "runner/trackers/issue_folder.h"

namespace runner::trackers {

/// One repository's open folder.
struct Place {
  Fd tracker;
  Fd folder;
  std::string path;  ///< for people
};

/// The folder of `repo`; not_found when the tracker has none.
[[nodiscard]] jobs::Result<Place> open_place(const jobs::TrackerConfig& config,
                                             const jobs::Repo& repo, bool create);

/// Which keys to change, seen from the issue as it is now; empty = nothing to do.
using DecideEdit = std::function<jobs::Result<std::vector<KeyEdit>>(const IssueFile&)>;

/// Changes an issue's front matter. When a person saves the file meanwhile, `decide` is asked again
/// about what they saved; after five times this ends with conflict and nothing is written. Refuses
/// (conflict) an issue with a problem.
[[nodiscard]] jobs::Status edit_issue(const Place& place, jobs::IssueNumber number,
                                      const DecideEdit& decide);

/// The edits that take these labels off and put those on; they keep the order of the others.
[[nodiscard]] std::vector<KeyEdit> label_edits(const IssueText& text,
                                               const std::vector<std::string>& add,
                                               const std::vector<std::string>& remove);

}  // namespace runner::trackers

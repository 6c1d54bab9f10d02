#pragma once

#include <map>
#include <memory>
#include <string>

#include "jobs/model/fleet.h"
#include "jobs/ports/clock.h"
#include "jobs/ports/tracker.h"

/// The embedded tracker: a folder of Markdown files that people edit by hand
/// (docs/local-tracker.md).
namespace runner::trackers {

struct LocalTrackerOptions {
  std::string bot = "runner";  ///< author of our comments; never a trusted actor
  jobs::Labels labels;         ///< taking the ready label off also takes off who had set it
  std::map<std::string, std::string>
      folders;  ///< repository -> tracker_path, for blockers in repositories that have one
  std::int64_t issue_bytes = 256LL << 10;  ///< title and body; a longer issue gets a problem
};

/// Reading and writing are two objects: a dry run makes no writer. Nothing is opened before the
/// first call.
[[nodiscard]] std::unique_ptr<jobs::TrackerReader> make_local_reader(
    const jobs::TrackerConfig& config, const LocalTrackerOptions& options);
/// `clock` must outlive the writer.
[[nodiscard]] std::unique_ptr<jobs::TrackerWriter> make_local_writer(
    const jobs::TrackerConfig& config, const LocalTrackerOptions& options, jobs::Clock& clock);

}  // namespace runner::trackers

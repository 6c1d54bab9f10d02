#pragma once

#include <map>
#include <string>

#include "jobs/ports/ci.h"
#include "jobs/ports/clock.h"
#include "jobs/ports/executor.h"
#include "jobs/ports/notifier.h"
#include "jobs/ports/pulls.h"
#include "jobs/ports/store.h"
#include "jobs/ports/tracker.h"
#include "jobs/ports/workspace.h"

namespace jobs {

/// What a tick may look at. Adapters by their name in the fleet; one that could not be made is
/// missing from its map, and why stands in `broken`. The owner (wiring, or a test) outlives the
/// tick. No logic here.
struct ReaderPorts {
  std::map<std::string, TrackerReader*> trackers;
  std::map<std::string, CiReader*> ci;
  std::map<std::string, PullReader*> pulls;  ///< by the name of the tracker on whose forge they are
  ExecutorReader* executor = nullptr;
  WorkspaceReader* workspace = nullptr;
  StoreReader* store = nullptr;
  Clock* clock = nullptr;
  std::map<std::string, std::string> broken;  ///< "tracker.X", "ci.X", "notify.X" -> why
};

/// What a tick may change. A dry run never has one.
struct WriterPorts {
  std::map<std::string, TrackerWriter*> trackers;
  std::map<std::string, CiWriter*> ci;
  std::map<std::string, PullWriter*> pulls;
  std::map<std::string, Notifier*> notifiers;
  ExecutorWriter* executor = nullptr;
  WorkspaceWriter* workspace = nullptr;
  Store* store = nullptr;
};

}  // namespace jobs

#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "jobs/model/fleet.h"
#include "jobs/ports/tracker.h"

namespace bench {

struct Planning {
  double open = 0;    ///< seconds: opening the state, which verifies every row of it
  double facts = 0;   ///< gathering the facts
  double decide = 0;  ///< every decision
  std::size_t decisions = 0;
  std::size_t starts = 0;
};

/// What a tick does between the lists of the forge and its decisions: `issues` ready ones, whose
/// lists are in memory, beside a state file below `folder` in which `ended` runs came to their end.
class Planner {
 public:
  Planner(const std::string& folder, int repositories, int issues, int ended);
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;
  ~Planner();
  [[nodiscard]] Planning plan();

 private:
  std::string state_dir_;
  jobs::Fleet fleet_;
  std::unique_ptr<jobs::TrackerReader> tracker_;
};

}  // namespace bench

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "jobs/model/decision.h"
#include "jobs/model/tick.h"
#include "jobs/ticks/plan.h"

namespace runner {

/// One thing that happened, as it happens: a line on a terminal, a JSON line elsewhere.
struct TickLine {
  enum class Level : std::uint8_t { progress, info, warning, error };
  Level level = Level::info;
  std::string event;  ///< stable word: "claimed", "effect", "step", "problem", ...
  std::string repo;
  jobs::IssueNumber issue = 0;
  std::string run;
  std::string text;
  std::string tick;  ///< filled in by the engine
};
using Listener = std::function<void(const TickLine&)>;

/// One effect that was tried in this tick.
struct EffectReport {
  jobs::Effect effect;
  jobs::EffectState state = jobs::EffectState::done;
  std::string error;
};

/// Everything a tick did, or, as a dry run, would do.
struct TickReport {
  jobs::TickRow row;
  bool dry_run = false;
  bool kill_switch = false;
  std::string kill_switch_detail;
  std::string held_by;  ///< not empty: another tick holds the lease; nothing was done
  std::vector<jobs::Decision> decisions;
  std::vector<jobs::PlannedStep> steps;
  std::vector<EffectReport> effects;
  std::vector<jobs::Effect> planned;  ///< dry run: effects that would be recorded
  std::vector<std::string> problems;
  std::optional<jobs::Error> fatal;  ///< ended the tick early
  int exit_code = 0;
};

}  // namespace runner

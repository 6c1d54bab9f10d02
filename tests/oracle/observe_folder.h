#pragma once

#include <string>
#include <vector>

#include "tests/oracle/observation.h"

namespace oracle {

/// Where an installation with the local tracker and git remotes lies.
struct Place {
  std::string state_dir;   ///< of state.db, turns/, mirrors, worktrees
  std::string issues_dir;  ///< of the local tracker
  std::vector<std::pair<std::string, std::string>>
      remotes;                ///< repository -> path of its bare remote
  std::string agent_log;      ///< FAKE_AGENT_LOG; may not exist
  std::string meter;          ///< FAKE_AGENT_METER; may not exist
  std::string notifications;  ///< of notify kind "file"; may not exist
  std::string base_branch = "main";
  /// The database on a copy (rollback journal replayed there), so that looking changes nothing.
  std::string scratch;
};

/// Reads everything with SQLite, git and /proc themselves. Throws std::runtime_error when something
/// cannot be read at all: that is the harness's own failure.
[[nodiscard]] Observation observe_folder(const Place& place);

/// Processes that carry the marker RUNNER_TURN of a turn below `state_dir`, from /proc alone.
[[nodiscard]] std::vector<ProcessSeen> census(const std::string& state_dir);

}  // namespace oracle

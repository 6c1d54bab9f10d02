#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/turn.h"
#include "jobs/ports/fence.h"

namespace jobs {

/// Looks at turns. The turn directory is the handle; it works from any process and any tick.
class ExecutorReader {
 public:
  virtual ~ExecutorReader() = default;
  /// State `absent` (not an error) when the directory does not exist or nothing was started in it.
  [[nodiscard]] virtual Result<TurnFacts> observe(const std::string& turn_directory) = 0;
  /// All turn directories below the executor's root ("<run>/<number>", absolute paths).
  [[nodiscard]] virtual Result<std::vector<std::string>> list() = 0;
};

/// Starts and stops turns.
class ExecutorWriter {
 public:
  virtual ~ExecutorWriter() = default;
  /// Starts the turn so that it outlives this process, or finds that it was started already: at
  /// most one start per turn directory, whoever calls how often and dies whenever. Returns when the
  /// supervisor has taken over. A program that is missing or cannot be executed is not an error
  /// here: the turn then ends as `not_started`, so that every end of a turn is read in one place.
  /// transient: no process, no space. conflict: the directory belongs to another turn.
  /// `still_ours` is asked right before the supervisor is started, not where it was already.
  [[nodiscard]] virtual Status start(const TurnSpec& spec, const Fence& still_ours) = 0;
  /// Asks the supervisor to end the turn (TERM, grace, KILL) and, if the supervisor is dead, kills
  /// what is left itself. Done when it was asked or nothing runs; does not wait for the end.
  [[nodiscard]] virtual Status stop(const std::string& turn_directory, const std::string& why) = 0;
  /// Kills every process that carries the turn's marker though no live supervisor owns it. Returns
  /// how many.
  [[nodiscard]] virtual Result<int> reap(const std::string& turn_directory) = 0;
  /// Removes a turn directory (retention). Refuses (conflict) while the turn is alive.
  [[nodiscard]] virtual Status remove(const std::string& turn_directory) = 0;
};

}  // namespace jobs

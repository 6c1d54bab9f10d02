#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/run.h"
#include "jobs/ports/store.h"

/// What is wrong with a state folder, and its only repair.
namespace runner::store {

/// How the state itself is.
enum class Health : std::uint8_t {
  none,     ///< there is no state yet
  sound,    ///< everything in it fits
  older,    ///< sound in itself, but older than what was here
  damaged,  ///< something in it does not fit
  beyond,   ///< nothing here can or may be repaired: foreign, newer, empty, gone, not readable
};

struct StateFinding {
  enum class Level : std::uint8_t { note, problem, damage };
  Level level = Level::problem;
  std::string name;    ///< stable word: "damaged", "older", "left-over", "lease", ...
  std::string what;    ///< one line
  std::string where;   ///< path
  std::string remedy;  ///< what `--fix` would do, or what a person has to
  bool fixable = false;
};

struct StateExamination {
  Health health = Health::none;
  std::vector<StateFinding> findings;
  /// The tick lease is held, and its holder is not surely dead.
  std::string held_by;
};

struct DoctorOptions {
  std::string state_dir;
  jobs::TimePoint now;
  std::function<bool(const std::string& owner)> owner_is_dead;  ///< empty = the real one
  bool locked = false;                                          ///< the caller holds the lock file
};

/// Looks only: makes and changes no file in the folder.
[[nodiscard]] StateExamination examine_state(const DoctorOptions& options);

struct RepairOptions {
  DoctorOptions doctor;
  jobs::TickId tick;    ///< under which the repair is recorded
  std::string version;  ///< of the program
  /// How a live run is ended, as needs-human.
  std::function<jobs::Change(const jobs::Run&)> end_run;
};

/// Carries out what `examine_state` calls fixable; what it did, one line each. The files are copied
/// aside first, under names that were not there. conflict: a tick that may live holds the state.
/// corrupt: nothing in the state can be believed.
[[nodiscard]] jobs::Result<std::vector<std::string>> repair_state(const RepairOptions& options);

}  // namespace runner::store

#pragma once

#include <string>
#include <vector>

#include "jobs/model/fleet.h"
#include "jobs/model/ledger.h"
#include "jobs/model/run.h"
#include "jobs/model/turn.h"
#include "jobs/ports/store.h"

namespace jobs {

/// Collects what one step changes about one run, so that it is recorded in one transaction. Numbers
/// the effects of the run (their keys are "<run>/<number>/<kind>"), stamps times, and keeps the run
/// row and the rows beside it consistent.
class RunChange {
 public:
  RunChange(Run run, const Fleet& fleet, TimePoint now);

  /// The row as it will be recorded; change its fields freely.
  [[nodiscard]] Run& run() { return run_; }
  [[nodiscard]] const Fleet& fleet() const { return fleet_; }
  [[nodiscard]] TimePoint now() const { return now_; }

  void event(std::string kind, std::string detail);
  /// Records an effect of this run; fills in key, run, issue and time.
  void effect(Effect effect);
  void labels(std::vector<std::string> add, std::vector<std::string> remove);
  /// Harmless where CI starts by itself; needed where its start was lost with the machine. Not
  /// again before a while.
  void start_ci();
  /// The checklist comment as it should read now. Call last: it shows the row's final state.
  void comment();
  void notify(const std::string& text);
  void turn(Turn turn) { change_.turns.push_back(std::move(turn)); }
  void ledger(LedgerRow row) { change_.ledger.push_back(std::move(row)); }
  void attempt(const Oid& head, const std::vector<std::string>& failing);
  void brake(std::string scope, std::string reason, std::optional<TimePoint> until = {});
  void lift(const Brake& brake, std::string why);

  /// Plans turn number run.turns + 1 of `stage` with its reservation and its start effect, and sets
  /// step to turning. The turn directory is <state_dir>/turns/<run>/<number>.
  void start_turn(const Stage& stage, TurnKind kind, const Oid& head, std::string correction = {});

  /// Ends the run: one function for every outcome (DESIGN section 6). Idempotent through the run's
  /// step. Labels, the one comment, closing, notification, keeping unpushed work; a live turn is
  /// stopped. The ready label never survives.
  void end(Outcome outcome, std::string reason, bool charged);

  /// Everything collected. The object is used up.
  [[nodiscard]] Change take() &&;

 private:
  Run run_;
  const Fleet& fleet_;
  TimePoint now_;
  Change change_;
  std::vector<std::string> notify_targets_;
};

/// Appends everything of `more` to `change`.
void merge(Change& change, Change more);

}  // namespace jobs

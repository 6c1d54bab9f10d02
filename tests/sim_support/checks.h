#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "jobs/ports/store.h"
#include "tests/sim_support/kernel.h"

namespace sim {

class World;

/// What only a simulation can judge, at the very call at which it happens, from the models and the
/// rows; never by asking product code. Everything else is the oracle's.
class Checks {
 public:
  explicit Checks(World& world) : world_(world) {}

  /// One broken promise; the world goes on so that the trace shows what follows.
  void broken(int invariant, const std::string& what);
  [[nodiscard]] const std::vector<std::string>& findings() const { return findings_; }

  /// A writing step: judged before it is made, looked at again when it was.
  jobs::Status step(Tick& tick, const jobs::Change& change,
                    const std::function<jobs::Status()>& write);
  [[nodiscard]] bool claimed_before(std::int64_t id) const;
  void finished(const jobs::Store::EffectEnd& end);
  /// A call that changes the world outside (invariants 3 and 8).
  void outward(const Tick& tick, const Call& call);
  /// A turn is about to start really (invariants 1, 2, 3 and 5).
  void starting(const jobs::TurnSpec& spec);
  /// A landing was asked for; `pushed` if the base branch moved by it.
  void landed(const jobs::LandRequest& request, bool pushed);
  /// Does this message name a run that was recorded once and is gone by now?
  [[nodiscard]] bool pruned(const std::string& message) const;
  /// A person lifted what held the issue back.
  void released(const jobs::IssueKey& issue);
  /// A tick has come to its end by itself.
  void ended(const Tick& tick);

 private:
  void claims(const Tick& tick, const jobs::Run& run);
  void reserves(const Tick& tick, const jobs::LedgerRow& row, const jobs::Change& change);
  void decisions(const Tick& tick, const jobs::Change& change);
  void marks(const jobs::Change& change);

  World& world_;
  std::vector<std::string> findings_;
  std::set<std::string> decided_;                    ///< ticks, by their owner
  std::map<jobs::IssueKey, jobs::TimePoint> ended_;  ///< newest end, in true time
  std::map<jobs::IssueKey, jobs::TimePoint> allowed_;
  std::set<jobs::RunId> ever_;  ///< every run that was ever recorded
};

}  // namespace sim

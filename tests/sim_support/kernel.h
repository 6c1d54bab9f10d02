#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "jobs/model/fleet.h"
#include "jobs/ports/clock.h"
#include "runner/tick/report.h"
#include "tests/fakes/fake_workspace.h"
#include "tests/fakes/memory_store.h"
#include "tests/sim_support/armed.h"
#include "tests/sim_support/ci.h"
#include "tests/sim_support/executor.h"
#include "tests/sim_support/fiber.h"
#include "tests/sim_support/random.h"
#include "tests/sim_support/trace.h"
#include "tests/sim_support/tracker.h"

/// The parts of a simulated world: its time, its ticks, and what they are told.
namespace sim {

/// The program stopped here. Nothing in the product catches it.
struct Crash {};

/// One moment for the whole world; a host's own clock may be ahead of it.
class Clock final : public jobs::Clock {
 public:
  jobs::TimePoint now() override { return now_ + ahead; }
  std::uint64_t random() override { return random_.next(); }
  [[nodiscard]] jobs::TimePoint truth() const { return now_; }
  void advance(jobs::Duration by) { now_ += by; }
  void reseed(std::uint64_t seed) { random_ = Random(seed); }

  jobs::Duration ahead{};  ///< of the tick that runs just now

 private:
  jobs::TimePoint now_{std::chrono::milliseconds(1'800'000'000'000)};
  Random random_{1};
};

/// What one port call is, for whoever decides about it.
struct Call {
  enum class Port : std::uint8_t { store, tracker, ci, executor, workspace, notifier };
  const char* name;
  Port port;
  bool writes = false;
  int repo = -1;
  /// Outward writes that need a claimed row: its kind, and whom it is about.
  std::optional<jobs::EffectKind> effect = {};
  std::string about = {};  ///< issue, run or turn directory
};

/// One invocation of the program, alive.
struct Tick {
  int number = 0;
  std::string owner;
  std::shared_ptr<const jobs::Fleet> fleet;
  std::unique_ptr<Fiber> fiber;
  jobs::TimePoint wake;    ///< asleep until then
  jobs::Duration ahead{};  ///< this host's clock
  bool interrupted = false;
  bool paused_at_start = false;
  bool died = false;
  int calls = 0;
  int outward = 0;                      ///< writes outside the state
  jobs::Epoch epoch = 0;                ///< of its lease; 0 = none
  std::int64_t claimed = 0;             ///< the outbox row it is carrying out
  bool stale_claim = false;             ///< slept past its lease while it held a claim
  std::set<jobs::IssueKey> candidates;  ///< read in this tick
  std::set<jobs::RepoName> unread;      ///< repositories of which something could not be read
  jobs::TimePoint began;
  runner::TickReport report;
};

}  // namespace sim

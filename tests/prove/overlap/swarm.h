#pragma once

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "tests/prove/overlap/look.h"
#include "tests/support/small_fleet.h"

namespace prove::overlap {

using Clock = std::chrono::steady_clock;

/// Many ticks at once on one state, some of which are killed or put to sleep for longer than their
/// lease lives. Killing aims at the tick that holds the lease as often as at any other.
class Swarm {
 public:
  Swarm(const test_support::SmallFleet& fleet, const Looker& looker, std::chrono::milliseconds ttl,
        std::mt19937_64& random, Record& record, Case which)
      : fleet_(fleet),
        looker_(looker),
        ttl_(ttl),
        random_(random),
        record_(record),
        case_(std::move(which)) {}

  void start_tick();
  /// A command of a person beside the ticks; nobody waits for it.
  void start_command(const std::vector<std::string>& words);
  /// Takes in what has ended and wakes who has slept enough.
  void attend();
  /// Kills one of the ticks, stops one, or kills a supervisor; often nothing.
  void strike();
  /// Wakes everybody and waits for every end.
  void drain();

  [[nodiscard]] int alive() const { return static_cast<int>(ticks_.size()); }

 private:
  struct Tick {
    test_support::Started process;
    bool stopped = false;
    bool killed = false;
    Clock::time_point wake{};
    std::int64_t epoch = 0;       ///< of the lease, if it held it when it was stopped
    bool overslept = false;       ///< woke after another tick had taken its lease over
    std::size_t said_before = 0;  ///< bytes of output until then
  };

  [[nodiscard]] int pick(int below);
  Tick* victim();
  void stop(Tick& tick);
  void wake(Tick& tick);
  void kill_supervisor();
  void ended(Tick& tick);

  const test_support::SmallFleet& fleet_;
  const Looker& looker_;
  std::chrono::milliseconds ttl_;
  std::mt19937_64& random_;
  Record& record_;
  Case case_;
  std::vector<Tick> ticks_;
  std::vector<test_support::Started> commands_;
};

}  // namespace prove::overlap

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/oracle/judge.h"
#include "tests/oracle/observation.h"
#include "tests/oracle/observe_folder.h"
#include "tests/prove/frame/harness.h"

namespace prove::overlap {

/// The row of the tick lease, as SQLite itself tells it.
struct LeaseSeen {
  std::int64_t epoch = 0;
  int pid = 0;  ///< of the owner; 0: nobody holds it
};

/// Where a round runs, and what its violations are called.
struct Case {
  std::string name;
  std::uint64_t seed = 0;
};

/// Looks at a fleet from outside while ticks work on it. Every look holds `state.lock`, so that no
/// step is half written and no turn begins between the rows and the processes; it writes nothing.
class Looker {
 public:
  Looker(oracle::Place place, Case which, Record& record);

  /// Nothing if somebody holds the lock for longer than a moment (a stopped tick does).
  [[nodiscard]] std::optional<LeaseSeen> lease() const;
  /// What is true at every instant, and against the look before. `whole`: the remotes and issues
  /// too.
  void look(bool whole);
  /// Everything, at a time when nothing else is at work.
  [[nodiscard]] oracle::Observation everything() const;
  void report(const std::vector<oracle::Finding>& findings) const;

  oracle::Rules rules;

 private:
  void follow_claims(const oracle::Observation& now);

  oracle::Place place_;
  Case case_;
  Record& record_;
  std::optional<oracle::Observation> before_;
  std::map<std::int64_t, std::int64_t> abandoned_;  ///< effect -> epoch whose holder is gone
};

}  // namespace prove::overlap

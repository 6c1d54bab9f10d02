#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tests/prove/frame/record.h"

namespace prove {

/// How much is run: `quick` with every `./dev test`, `night` the counts of a night, `release` more.
enum class Tier : std::uint8_t { quick, night, release };
[[nodiscard]] std::string_view to_string(Tier tier);

/// What every harness is told.
struct Options {
  Tier tier = Tier::quick;
  std::uint64_t seed = 1;    ///< everything random comes from it: the same seed, the same run
  std::string only;          ///< one case by its name, to replay what a violation printed
  std::string planted;       ///< the planted bug that is switched on; empty: none
  bool until_first = false;  ///< stop at the first violation
  int workers = 2;           ///< cases at a time
  int share = 1;             ///< which part of the cases, of `shares`: a night in several pieces
  int shares = 1;
  std::string runner;    ///< the binary under test
  std::string programs;  ///< folder of fake_agent and friends
  std::string source;    ///< root of the source tree
  std::string scratch;   ///< an empty folder of this run, removed at its end
  bool keep = false;     ///< leave the scratch folder of a violation behind

  /// The count of this tier.
  [[nodiscard]] std::int64_t count(std::int64_t quick, std::int64_t night) const {
    return tier == Tier::quick ? quick : night;
  }
};

using Harness = std::function<void(const Options&, Record&)>;

/// The main function of a harness program. Writes one JSON line to `--evidence FILE`, a summary for
/// people to standard output. `cases_per_core`: where much of a case is waiting, several share a
/// core; `--workers` says how many there are in all. Exit code: 0 no violation, 1 violations, 2
/// usage, 77 skipped.
int main(int argc, char** argv, const std::string& name, const Harness& harness,
         int cases_per_core = 1);

/// Calls `work(index)` for 0 .. count-1, or this run's share of them, on `options.workers` threads,
/// in order of the index as far as possible; stops early where `until_first` is asked for and a
/// violation was recorded.
void spread(const Options& options, Record& record, std::int64_t count,
            const std::function<void(std::int64_t)>& work);

/// An own, repeatable stream of randomness for one case of one harness.
[[nodiscard]] std::uint64_t mix(std::uint64_t seed, std::string_view name,
                                std::uint64_t number = 0);

}  // namespace prove

#pragma once

#include <string>

#include "tests/prove/trace/ground.h"

namespace prove::trace {

struct Converged {
  bool quiet = false;
  int ticks = 0;
  int failing_ticks = 0;  ///< that ended with 1 or 75: something failed, or comes later
  std::string trouble;    ///< what no clean tick may do: die, hang, call itself a bug
  std::string last;       ///< what the last tick said
};

/// Opens every gate, then ticks: at least two, until no run is live, no effect is open and no turn
/// runs; bounded.
[[nodiscard]] Converged converge(const Ground& ground, int most_ticks = 60);

/// Opens every gate, then ticks so many times, each after the turns that the one before had
/// started. Does not wait for those of the last. Quiet if the last tick found nothing open, and
/// left nothing.
[[nodiscard]] Converged clean_ticks(const Ground& ground, int ticks);

/// Live runs and open effects, as the state file says; -1 if it cannot be read.
[[nodiscard]] std::int64_t open_work(const Ground& ground);

/// What the oracle, and the life that this ground lives, say of the end. `before` is a look at an
/// earlier instant. With `whole`, nothing but a death has happened: the run must have landed with
/// each of its two turns once. Empty = all promises were kept.
[[nodiscard]] std::string judge_end(const oracle::Observation& before,
                                    const oracle::Observation& now, bool whole);
[[nodiscard]] std::string judge_end(const Ground& ground, const oracle::Observation& before,
                                    bool whole);

/// What the oracle says of any instant. Empty = all promises were kept so far.
[[nodiscard]] std::string judge_now(const oracle::Observation& before,
                                    const oracle::Observation& now);

}  // namespace prove::trace

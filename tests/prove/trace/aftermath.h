#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "tests/prove/frame/harness.h"
#include "tests/prove/trace/ground.h"

/// What ticks make of what a death or a fault has left behind.
///
/// Every case gets two clean ticks, and is then judged by what is true at any moment. Going on to
/// rest costs as much again three times over, and the further it goes the more it repeats what
/// other cases went through: all lives meet in the same few states. So these are followed to rest,
/// and judged by all that is true there:
///
///   - every case whose state after its two ticks is of a kind that no case before it had (steps,
///     turns, effects, attempts, labels, commits: `kind_of`);
///   - every tenth case, whatever its kind;
///   - every case in which a clean tick told of a failure;
///   - every case that the two ticks have brought to rest already: there it costs nothing.
///
/// That ticks alone bring every named step to rest is also the subject of `points`.
namespace prove::trace {

struct Aftermath {
  int ticks = 0;
  int failing_ticks = 0;    ///< that ended with 1 or 75: something failed, or comes later
  bool at_rest = false;     ///< was followed, or came there by itself
  std::string broken;       ///< empty = no promise was
  oracle::Observation now;  ///< the last look
};

class Follower {
 public:
  explicit Follower(const Options& options) : all_(!options.only.empty()) {}

  /// Two clean ticks with every gate open, and on to rest where that is due. `before` is what was
  /// left. With `whole`, nothing but a death has happened: the run has to land.
  [[nodiscard]] Aftermath follow(const Ground& ground, const oracle::Observation& before,
                                 bool whole, std::string_view scenario, std::int64_t index);

 private:
  bool is_due(const Aftermath& after, std::string_view scenario, std::int64_t index);

  bool all_;  ///< one case was asked for: to its end
  std::mutex mutex_;
  std::set<std::string> kinds_;
};

}  // namespace prove::trace

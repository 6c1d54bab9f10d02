#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/prove/frame/harness.h"
#include "tests/prove/frame/settle.h"
#include "tests/support/staged_fleet.h"

namespace prove::time_jumps {

/// What it is that happens: a jump at every point, one at one point that lasts or is over with the
/// process, ten years at one point alone, another boot id, a lease that a lost host left behind.
enum class Kind : std::uint8_t { alternating, lasting, once, alone, reboot, foreign_lease };

/// What happens to the clock in one case.
struct Jump {
  Kind kind = Kind::alternating;
  std::string scene = {};
  std::string point = {};   ///< the point of a jump at one alone
  std::string points = {};  ///< RUNNER_POINT of the command of the scene
  std::string for_all =
      {};               ///< RUNNER_POINT of every later tick: the clock stays as it is, or a reboot
  bool reboot = false;  ///< before the command everything that runs is killed
  /// Retention may believe the jump, and forget a run before its time.
  bool far = false;
  std::string name = {};  ///< what `--only` takes
};

/// Runs the command of the scene with the jump, ticks until quiet, and judges. Returns the points
/// that were passed.
std::set<std::string> jump(test_support::Stage& stage, const Jump& what, const Options& options,
                           Record& record);

}  // namespace prove::time_jumps

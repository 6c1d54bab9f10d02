#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/crash_point.h"

/// What a test can do at the named crash points (jobs/base/crash_points.inc), armed by the
/// environment of the program: RUNNER_POINT=name[#ordinal]=action, several separated by ';'. Only
/// in builds with RUNNER_TEST_POINTS; main installs it, nothing else knows of it.
namespace runner::test_points {

enum class Action : std::uint8_t {
  kill,   ///< SIGKILL to the process itself
  stop,   ///< SIGSTOP to itself: somebody has to send CONT or KILL
  delay,  ///< "delay:MS": sleeps so long
  error,  ///< the step fails with a transient error, where a step can fail
  clock,  ///< "clock:+SECONDS", "clock:-SECONDS": the wall clock jumps, in this process
  boot,   ///< from now on this process reads another boot id
};

struct Armed {
  jobs::Point point = jobs::Point::process_start;
  /// The how manieth passing of this process; 0 = each. Written "#3" or "#each"; 1 where nothing is
  /// written.
  std::uint32_t ordinal = 1;
  Action action = Action::kill;
  std::int64_t number = 0;  ///< milliseconds of a delay, seconds of a jump
};

/// Everything in the text, or nothing: what it names exists and makes sense.
[[nodiscard]] std::optional<std::vector<Armed>> parse(std::string_view text);

/// Arms what RUNNER_POINT says, and notes each point that is passed as a line "name pid" in the
/// file RUNNER_POINT_LOG. Ends the program where the variable makes no sense.
void install();

/// How far the wall clock has jumped.
[[nodiscard]] std::int64_t clock_shift_seconds();
/// True once the action `boot` was carried out.
[[nodiscard]] bool other_boot();

}  // namespace runner::test_points

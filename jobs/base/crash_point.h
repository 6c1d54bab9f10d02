#pragma once

#include <cstdint>
#include <string_view>

#include "jobs/base/result.h"

/// Named instants of the program, before and after each step that matters, at which a test can
/// kill, stop, delay or fail it. Without RUNNER_TEST_POINTS (a release) a point is nothing at all;
/// with it a point calls a hook, which is null unless the program installs one. What is done at a
/// point is runner/test_points.h's business.
namespace jobs {

enum class Point : std::uint8_t {
#define RUNNER_CRASH_POINT(name, when) name,
#include "jobs/base/crash_points.inc"
#undef RUNNER_CRASH_POINT
};

inline constexpr std::string_view kPointNames[] = {
#define RUNNER_CRASH_POINT(name, when) #name,
#include "jobs/base/crash_points.inc"
#undef RUNNER_CRASH_POINT
};

[[nodiscard]] inline std::string_view to_string(Point point) {
  return kPointNames[static_cast<std::uint8_t>(point)];
}

#ifdef RUNNER_TEST_POINTS

/// Called at each point, also between fork and exec: only async-signal-safe calls in there. True:
/// the step fails.
using PointHook = bool (*)(Point point);
inline constinit PointHook point_hook = nullptr;

[[nodiscard]] inline Status pass(Point point) {
  if (point_hook != nullptr && point_hook(point)) {
    return fail(ErrorKind::transient, "the point " + std::string(to_string(point)) + " fails",
                "armed by a test");
  }
  return ok();
}

#endif

}  // namespace jobs

#ifdef RUNNER_TEST_POINTS
/// In a function that returns Status or Result: an armed error leaves it.
#define RUNNER_POINT(name) RUNNER_TRY(::jobs::pass(::jobs::Point::name))
/// Where nothing can fail (void, noexcept, between fork and exec): an armed error is ignored.
#define RUNNER_POINT_ONLY(name) \
  static_cast<void>(::jobs::point_hook != nullptr && ::jobs::point_hook(::jobs::Point::name))
#else
#define RUNNER_POINT(name) static_cast<void>(0)
#define RUNNER_POINT_ONLY(name) static_cast<void>(0)
#endif

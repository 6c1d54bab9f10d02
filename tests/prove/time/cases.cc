#include "tests/prove/time/cases.h"

#include <fmt/format.h>

#include "jobs/base/crash_point.h"

namespace prove::time_jumps {

namespace {

constexpr std::int64_t kSizes[] = {kSecond, kHour, kTenYears};

std::string by(std::int64_t seconds) {
  return fmt::format("clock:{:+}", seconds);
}

}  // namespace

std::vector<Jump> alternating(const std::string& scene) {
  std::vector<Jump> jumps;
  for (const std::int64_t size : kSizes) {
    for (const int first : {+1, -1}) {
      std::string points;
      int sign = first;
      for (const std::string_view name : jobs::kPointNames) {
        points += fmt::format("{}={};", name, by(sign * size));
        sign = -sign;
      }
      jumps.push_back({.kind = Kind::alternating,
                       .scene = scene,
                       .points = points,
                       .far = size == kTenYears,
                       .name = fmt::format("{} alternating {:+}", scene, first * size)});
    }
  }
  return jumps;
}

std::vector<Jump> lasting(const std::string& scene, const std::string& point,
                          const std::set<std::int64_t>& but) {
  std::vector<Jump> jumps;
  for (const std::int64_t size : kSizes) {
    if (but.contains(size)) {
      continue;
    }
    for (const int sign : {+1, -1}) {
      for (const bool stays : {true, false}) {
        const std::string jump = by(sign * size);
        jumps.push_back({.kind = stays ? Kind::lasting : Kind::once,
                         .scene = scene,
                         .point = point,
                         .points = fmt::format("{}={}", point, jump),
                         .for_all = stays ? "process_start=" + jump : "",
                         .far = stays && sign > 0 && size == kTenYears,
                         .name = fmt::format("{} {} {:+} {}", scene, point, sign * size,
                                             stays ? "stays" : "once")});
      }
    }
  }
  return jumps;
}

std::vector<Jump> alone(const std::string& scene, const std::string& point) {
  std::vector<Jump> jumps;
  for (const int sign : {+1, -1}) {
    jumps.push_back({.kind = Kind::alone,
                     .scene = scene,
                     .point = point,
                     .points = fmt::format("{}={}", point, by(sign * kTenYears)),
                     .far = true,
                     .name = fmt::format("{} {} {:+} alone", scene, point, sign * kTenYears)});
  }
  return jumps;
}

Jump reboot(const std::string& scene) {
  return {.kind = Kind::reboot,
          .scene = scene,
          .points = "process_start=boot",
          .for_all = "process_start=boot",
          .reboot = true,
          .name = scene + " reboot"};
}

Jump foreign_lease(const std::string& scene) {
  return {.kind = Kind::foreign_lease,
          .scene = scene,
          .points = fmt::format("process_start={};process_start=boot;tick_after_begin=kill",
                                by(kTenYears)),
          .far = true,
          .name = scene + " foreign-lease"};
}

}  // namespace prove::time_jumps

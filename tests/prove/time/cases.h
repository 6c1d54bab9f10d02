#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/prove/time/jump.h"

namespace prove::time_jumps {

/// Every size of a jump: a second, an hour, ten years.
inline constexpr std::int64_t kSecond = 1;
inline constexpr std::int64_t kHour = 3600;
inline constexpr std::int64_t kTenYears = 315'360'000;

/// At every point one jump, there and back in turns; for each size once beginning with the one,
/// once with the other, so that each point has seen both.
std::vector<Jump> alternating(const std::string& scene);

/// One jump at one point, of every size but those left out; the clock stays there, or is right
/// again in the next tick.
std::vector<Jump> lasting(const std::string& scene, const std::string& point,
                          const std::set<std::int64_t>& but = {});

/// Ten years at this point and no other, there and back.
std::vector<Jump> alone(const std::string& scene, const std::string& point);

/// Another boot id, and nothing that ran before it is left.
Jump reboot(const std::string& scene);

/// A tick of a host that nothing is known of died with a lease that ends in ten years.
Jump foreign_lease(const std::string& scene);

}  // namespace prove::time_jumps

#pragma once

#include "jobs/model/fleet.h"
#include "jobs/ports/store.h"

/// A small state with one of everything that people are shown: a landed, a frozen and a live run,
/// decisions, a brake, an effect that does not get through, money. Made through the port, so that
/// it fits any store.
namespace test_support {

inline constexpr const char* kLandedRun = "r01kh5vq8c00000000000000001";
inline constexpr const char* kFrozenRun = "r01kh5vq8d00000000000000002";
inline constexpr const char* kLiveRun = "r01kh5vq8e00000000000000003";

/// What is put into titles, reasons and details: must never reach a terminal or a metric as it is.
inline constexpr const char* kHostile =
    "\x1b[31mred\x1b[0m \xe2\x80\xae"
    "evil";

/// Three repositories: acme/shop, acme/lib, acme/web.
[[nodiscard]] jobs::Fleet sample_fleet();

/// Everything lies a fixed span before `now`. `turns_dir`: where the turns' folders are said to be.
[[nodiscard]] jobs::Status fill_sample_state(jobs::Store& store, jobs::TimePoint now,
                                             const std::string& turns_dir);

}  // namespace test_support

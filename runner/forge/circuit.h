#pragma once

#include <optional>
#include <string>

#include "jobs/base/error.h"

/// The circuit breaker of a forge that does not answer. Pure: who asks brings the time.
namespace runner::forge {

/// Closed while `until` is empty. Open before `until`: nobody asks. From then on half open: one
/// request tries, and what becomes of it closes or opens it again.
struct Circuit {
  int failures = 0;  ///< requests in a row that were given up
  int opened = 0;    ///< times in a row that it opened
  std::optional<jobs::TimePoint> until;
  std::string reason;  ///< of the last failure, one line

  [[nodiscard]] bool is_open(jobs::TimePoint now) const;
  [[nodiscard]] bool is_half_open(jobs::TimePoint now) const;
  friend bool operator==(const Circuit&, const Circuit&) = default;
};

inline constexpr int kFailuresToOpen = 3;
/// Doubled each time that it opens again, up to an hour.
inline constexpr jobs::Duration kFirstOpen = std::chrono::minutes(1);

/// A request was given up because the forge did not answer, or not as a forge does.
[[nodiscard]] Circuit after_failure(Circuit circuit, const std::string& reason,
                                    jobs::TimePoint now);

}  // namespace runner::forge

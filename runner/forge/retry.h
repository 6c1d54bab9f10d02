#pragma once

#include <cstdint>
#include <optional>

#include "jobs/base/error.h"

/// When a request that failed may be sent again. Pure: who asks brings the time and the chance.
namespace runner::forge {

/// What the headers of an answer say about limits.
struct RateHeaders {
  std::optional<jobs::TimePoint> retry_after;  ///< Retry-After
  std::optional<std::int64_t> remaining;       ///< x-ratelimit-remaining
  std::optional<jobs::TimePoint> reset;        ///< x-ratelimit-reset; only counts at remaining 0
};

struct Failure {
  int attempt = 1;  ///< how often it was sent; for limits: how often in a row we were limited
  jobs::ErrorKind kind = jobs::ErrorKind::transient;
  bool repeatable = true;  ///< may be sent twice
  RateHeaders rate;
};

struct Retry {
  /// Not empty: send it again after so long. At most kLongestPause.
  std::optional<jobs::Duration> pause;
  /// Only for limits: before this, nothing of the kind is sent.
  std::optional<jobs::TimePoint> until;
  friend bool operator==(const Retry&, const Retry&) = default;
};

inline constexpr int kMostAttempts = 3;
/// A tick does not sit out more than this; what takes longer is for a later one.
inline constexpr jobs::Duration kLongestPause = std::chrono::seconds(5);
/// The least wait after a limit that names no time, doubled for each further one.
inline constexpr jobs::Duration kUnnamedLimit = std::chrono::minutes(1);

/// `random`: 64 random bits; spreads what would come back all at once by up to a quarter.
[[nodiscard]] Retry decide_retry(const Failure& failure, jobs::TimePoint now, std::uint64_t random);

}  // namespace runner::forge

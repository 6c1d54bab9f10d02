#include "runner/forge/retry.h"

#include <algorithm>

namespace runner::forge {

namespace {

constexpr jobs::Duration kFirstPause = std::chrono::milliseconds(250);
constexpr jobs::Duration kLongestLimit = std::chrono::hours(1);

jobs::Duration doubled(jobs::Duration first, int attempt, jobs::Duration most) {
  for (int i = 1; i < attempt && first < most; ++i) {
    first *= 2;
  }
  return std::min(first, most);
}

/// Longer by up to a quarter: never shorter, because a server meant what it said.
jobs::Duration spread(jobs::Duration wait, std::uint64_t random) {
  const auto quarter = static_cast<std::uint64_t>(wait.count() / 4 + 1);
  return wait + jobs::Duration(static_cast<std::int64_t>(random % quarter));
}

Retry after_limit(const Failure& failure, jobs::TimePoint now, std::uint64_t random) {
  Retry retry;
  const RateHeaders& rate = failure.rate;
  if (rate.retry_after) {
    retry.until = std::max(*rate.retry_after, now);
  } else if (rate.remaining == 0 && rate.reset) {
    retry.until = std::max(*rate.reset, now);
  } else {
    retry.until = now + spread(doubled(kUnnamedLimit, failure.attempt, kLongestLimit), random);
  }
  const jobs::Duration wait = *retry.until - now;
  // A limit says that nothing was done, so even what must not be sent twice may be sent again.
  if (failure.attempt < kMostAttempts && wait <= kLongestPause) {
    retry.pause = wait;
  }
  return retry;
}

Retry after_trouble(const Failure& failure, jobs::TimePoint now, std::uint64_t random) {
  if (!failure.repeatable || failure.attempt >= kMostAttempts) {
    return {};
  }
  jobs::Duration wait = spread(doubled(kFirstPause, failure.attempt, kLongestPause), random);
  if (failure.rate.retry_after) {
    wait = std::max(wait, *failure.rate.retry_after - now);
  }
  Retry retry;
  if (wait <= kLongestPause) {
    retry.pause = wait;
  }
  return retry;
}

}  // namespace

Retry decide_retry(const Failure& failure, jobs::TimePoint now, std::uint64_t random) {
  switch (failure.kind) {
    case jobs::ErrorKind::rate_limited: return after_limit(failure, now, random);
    case jobs::ErrorKind::transient: return after_trouble(failure, now, random);
    case jobs::ErrorKind::invalid_manifest:
    case jobs::ErrorKind::usage:
    case jobs::ErrorKind::not_found:
    case jobs::ErrorKind::conflict:
    case jobs::ErrorKind::denied:
    case jobs::ErrorKind::interrupted:
    case jobs::ErrorKind::corrupt:
    case jobs::ErrorKind::bug: return {};
  }
  return {};
}

}  // namespace runner::forge

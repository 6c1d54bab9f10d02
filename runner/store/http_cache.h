#pragma once

#include <cstdint>
#include <memory>

#include "jobs/ports/http_cache.h"
#include "jobs/ports/store.h"

/// What forges answered, kept in the state's table http_cache. It decides nothing: a row that is
/// lost or damaged costs one request.
namespace runner::store {

/// At most so much is kept; the oldest goes first.
inline constexpr std::int64_t kMostCachedAnswers = 20'000;
inline constexpr std::int64_t kMostCachedBytes = 64LL << 20;

/// Reads from the state that `store` has open. What is put is written in one step when the result
/// goes, or when there is much of it; with a state that was opened for reading it is forgotten.
/// `store` must outlive it, and be one of open_store or open_store_read_only: any other has no
/// table, and keeps nothing.
[[nodiscard]] std::unique_ptr<jobs::HttpCache> make_http_cache(jobs::StoreReader& store);

}  // namespace runner::store

#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "jobs/base/error.h"
#include "jobs/base/ids.h"

namespace jobs {

/// A sortable id: `prefix` + a ULID in lower case (48 bits of milliseconds, then 80 random bits
/// from `entropy`). `index` keeps several ids made at one instant apart and in order.
[[nodiscard]] std::string make_ulid(char prefix, TimePoint now,
                                    const std::array<std::uint64_t, 2>& entropy,
                                    std::uint64_t index);

[[nodiscard]] RunId make_run_id(TimePoint now, const std::array<std::uint64_t, 2>& entropy,
                                std::uint64_t index);
[[nodiscard]] TickId make_tick_id(TimePoint now, const std::array<std::uint64_t, 2>& entropy);

/// "runner/<issue>-<slug of the title>": safe as a ref, whatever the title says.
[[nodiscard]] std::string branch_name(IssueNumber issue, std::string_view title);

}  // namespace jobs

#pragma once

#include <string>

#include "jobs/base/error.h"

namespace runner::store {

/// What to do where a state is damaged.
inline constexpr const char* kDamagedHint =
    "keep the file as it is, and put a backup in its place (docs/state.md, Damage)";

/// What an extended result code of SQLite means for whoever must act. To be called before anything
/// changes errno.
[[nodiscard]] jobs::Error error_of_sqlite(int extended, const std::string& path,
                                          const std::string& why);

}  // namespace runner::store

#pragma once

#include <map>
#include <string>

#include "tests/oracle/judge.h"

namespace oracle {

/// Merge commits on the base branch by the run their trailer names.
[[nodiscard]] std::map<std::string, std::int64_t> merges_by_run(const RemoteSeen& remote);

}  // namespace oracle

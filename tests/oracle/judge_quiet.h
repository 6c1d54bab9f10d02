#pragma once

#include <map>
#include <string>

#include "tests/oracle/judge.h"

namespace oracle {

/// Merge commits on the base branch by the run their trailer names.
[[nodiscard]] std::map<std::string, std::int64_t> merges_by_run(const RemoteSeen& remote);

/// True if the run ended with its landing given up after a try of unknown outcome, and tells the
/// person who is called to look: one landing more than the row knows of is not hidden.
[[nodiscard]] bool says_may_have_landed(const Observation& now, const RunRow& run);

}  // namespace oracle

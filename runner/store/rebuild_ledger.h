#pragma once

#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/run.h"
#include "jobs/model/turn.h"
#include "runner/store/harvest.h"
#include "runner/store/ledger.h"

namespace runner::store {

/// Writes the ledger of a harvest into a new state: as it is where the chain is whole; else its
/// sound beginning as it is and the other rows chained anew, with what a turn's own row knows where
/// a row is missing, and every reservation settled in full whose turn nobody can settle any more.
/// Returns how many were.
[[nodiscard]] jobs::Result<std::int64_t> rebuild_ledger(Database& database, Seals& seals,
                                                        Ledger& ledger, const Harvest& harvest,
                                                        const std::vector<jobs::Run>& runs,
                                                        const std::vector<jobs::Turn>& turns,
                                                        jobs::TimePoint now);

}  // namespace runner::store

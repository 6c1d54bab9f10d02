#pragma once

#include <array>
#include <string>

#include "jobs/base/result.h"
#include "runner/store/database.h"
#include "runner/store/ledger.h"
#include "runner/store/mark.h"
#include "runner/store/sealed.h"

namespace runner::store {

/// Every table whose rows carry digests, in an order in which each comes behind those it refers to.
[[nodiscard]] std::array<const SealedTable*, 9> sealed_tables();

/// `next_id` of this seal counts the steps that changed something.
inline constexpr const char* kSteps = "steps";
[[nodiscard]] jobs::Result<std::int64_t> steps_of(Seals& seals);

/// Everything that is checked before a state is believed: structure, rows, seals, the ledger's
/// chain (which is loaded). corrupt: damaged.
[[nodiscard]] jobs::Status verify_contents(Database& database, Ledger& ledger);
/// What SQLite takes from the header of the file at `path` without a word. corrupt: it is not as
/// long as its header says (what is missing of the last page is read as zeros), or the header asks
/// for another kind of journal or forbids writing (it is read then, and not written).
[[nodiscard]] jobs::Status verify_header(Database& database, const std::string& path);
/// corrupt: the state knows of fewer steps than the mark beside it.
[[nodiscard]] jobs::Status verify_age(Database& database, const StepMark& mark);

}  // namespace runner::store

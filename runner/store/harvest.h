#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "runner/store/files.h"
#include "runner/store/sealed.h"

namespace runner::store {

/// What can still be read of a table.
struct HarvestedTable {
  std::vector<Row> rows;     ///< as `SealedTable::columns`, each fits its digest
  std::optional<Seal> seal;  ///< if it can be believed
  std::int64_t lost = 0;     ///< rows that are known to be missing
  bool complete = false;     ///< the seal is believed and says that nothing is missing
};

/// A row of the ledger that fits its own digest, wherever it stands in the chain.
struct HarvestedLink {
  std::int64_t seq = 0;
  Row cells;  ///< kLedgerColumns
  std::string previous;
  std::string digest;
};

/// Everything of a state that can be believed, and what only tells people as far as it can be read.
struct Harvest {
  std::map<std::string, HarvestedTable> sealed;
  std::vector<HarvestedLink> ledger;
  std::optional<Seal> ledger_head;
  std::optional<Seal> ledger_anchor;
  bool ledger_complete = false;
  std::map<std::string, std::vector<Row>> told;  ///< ticks, decisions, events, counters
  std::int64_t steps = 0;                        ///< as far as the state knows
  std::int64_t believed = 0;                     ///< seals and rows that fit their digests

  /// Nothing that decides about money or dispatch is missing.
  [[nodiscard]] bool complete() const;
  /// "2 rows of outbox, 1 row of ledger"; of what is known to be missing.
  [[nodiscard]] std::string missing() const;
};

/// The columns of a table that is not protected.
struct ToldTable {
  const char* name;
  const char* columns;
};
[[nodiscard]] const std::vector<ToldTable>& told_tables();

/// Reads a copy at `paths.checking`, so that the state's bytes stay as they are; a step that was
/// cut off is undone in the copy. corrupt: nothing in it can be believed.
[[nodiscard]] jobs::Result<Harvest> harvest(const StatePaths& paths);

}  // namespace runner::store

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/time_zone.h"
#include "jobs/model/ledger.h"
#include "jobs/model/run.h"

namespace jobs {

enum class SpendBy : std::uint8_t { repo, agent, day, issue };
[[nodiscard]] std::string_view to_string(SpendBy by);
[[nodiscard]] std::optional<SpendBy> parse_spend_by(std::string_view text);

/// What was spent on one thing.
struct SpendLine {
  std::string key;  ///< "acme/shop", an agent's name, "2026-11-21", "acme/shop#3"
  Usage settled;
  Usage reserved;  ///< of turns that are neither settled nor released
  int runs = 0;    ///< that spent something here
  int landed = 0;  ///< of them; by day: that landed on it
  /// What one landed run cost here, failures and all; none where nothing landed.
  [[nodiscard]] std::optional<Usd> per_landing() const;
  friend bool operator==(const SpendLine&, const SpendLine&) = default;
};

/// One line per key, sorted by key. `books` are the ledger rows of each run; a row counts on the
/// day (in that zone) on which its turn was reserved.
[[nodiscard]] std::vector<SpendLine> spend_by(SpendBy by, const std::vector<Run>& runs,
                                              const std::map<RunId, std::vector<LedgerRow>>& books,
                                              const TimeZone& zone);

/// All lines as one.
[[nodiscard]] SpendLine spend_total(const std::vector<Run>& runs,
                                    const std::map<RunId, std::vector<LedgerRow>>& books);

}  // namespace jobs

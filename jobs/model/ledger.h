#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/base/error.h"
#include "jobs/base/ids.h"
#include "jobs/base/money.h"

namespace jobs {

/// reserve: the whole allowance of a turn, in the transaction that records the turn. settle: what
/// it cost (replaces the reservation). release: the turn never started, nothing was spent.
enum class LedgerKind : std::uint8_t { reserve, settle, release };
[[nodiscard]] std::string_view to_string(LedgerKind kind);
[[nodiscard]] std::optional<LedgerKind> parse_ledger_kind(std::string_view text);

struct LedgerRow {
  LedgerKind kind = LedgerKind::reserve;
  IssueKey issue;
  RunId run;
  int turn = 0;
  std::string agent;
  Usage amount;  ///< reserve: the allowance; settle: the cost; release: zero
  bool estimated =
      false;  ///< settle: the usage was unknown, so the reservation was charged in full
  TimePoint at;
  friend bool operator==(const LedgerRow&, const LedgerRow&) = default;
};

/// A window's spend: settled costs plus open reservations (a turn counts in the window in which it
/// was reserved).
struct Spend {
  Usage settled;
  Usage reserved;
  [[nodiscard]] Usage total() const { return settled + reserved; }
};

/// Which ledger rows count. Empty fields do not filter.
struct SpendFilter {
  std::optional<RunId> run;
  std::optional<IssueKey> issue;
  std::optional<RepoName> repo;
  std::optional<TimePoint> since;
};

/// A stop that only a person or a changed fingerprint lifts, or that opens by itself at a time.
struct Brake {
  std::int64_t id = 0;
  std::string scope;        ///< "fleet", "repo:acme/shop", "issue:acme/shop#3", "agent:claude"
  std::string reason;       ///< one line for people
  std::string fingerprint;  ///< what was seen when it was set; "" = only a person lifts it
  std::string set_by;
  TimePoint set_at;
  std::optional<TimePoint> until;  ///< from then on one canary may try; it lifts the brake by not
                                   ///< failing the same way. None = waits for a person
  std::string cleared_by;          ///< "" = in force
  std::optional<TimePoint> cleared_at;
  [[nodiscard]] bool in_force() const { return !cleared_at.has_value(); }
};

}  // namespace jobs

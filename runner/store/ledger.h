#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/ledger.h"
#include "runner/store/rows.h"
#include "runner/store/sealed.h"

namespace runner::store {

/// Digest of one row of the ledger, which covers the one before.
[[nodiscard]] std::string link_digest(std::int64_t seq, const Row& cells,
                                      const std::string& previous);
/// Name of the seal whose `sum` is the digest that the first remaining row follows, and whose
/// `next_id` is that row's number.
inline constexpr const char* kLedgerAnchor = "ledger_anchor";

/// The money: the ledger's chain, checked link by link when it is loaded, and the sums over it.
/// Held in memory, because a tick asks for many sums and each must stand on rows that were
/// verified.
class Ledger {
 public:
  /// Reads and verifies everything. corrupt: a link does not fit, a row is missing in front, in
  /// between or at the end.
  [[nodiscard]] jobs::Status load(Database& database, Seals& seals);
  /// Appends to the file and to memory. conflict: a second reserve, a second end, or an end without
  /// a reserve.
  [[nodiscard]] jobs::Status append(Database& database, Seals& seals, const jobs::LedgerRow& row);
  /// Removes the longest beginning in which all turns have ended and all rows are older than
  /// `before` and of no run in `live`, whose caps rest on them; what it cost each issue is carried
  /// over. The chain's anchor moves along.
  [[nodiscard]] jobs::Status prune(Database& database, Seals& seals, jobs::TimePoint before,
                                   const std::set<jobs::RunId>& live);

  [[nodiscard]] jobs::Spend spend(const jobs::SpendFilter& filter) const;
  [[nodiscard]] std::map<jobs::IssueKey, jobs::Spend> spend_by_issue(
      const std::optional<jobs::TimePoint>& since) const;
  [[nodiscard]] std::vector<jobs::LedgerRow> of_run(const jobs::RunId& run) const;
  /// A reservation of this run that was neither settled nor released.
  [[nodiscard]] bool has_open(const jobs::RunId& run) const;

 private:
  using TurnKey = std::pair<jobs::RunId, int>;
  struct Link {
    std::int64_t seq = 0;
    jobs::LedgerRow row;  ///< without its digest: that follows from the links before
  };
  /// One turn's money: its reservation and how it ended.
  struct Entry {
    std::size_t reserve = 0;  ///< index into links_
    std::size_t end = 0;      ///< index into links_; only if `ended`
    bool ended = false;
  };

  [[nodiscard]] jobs::Status index_last();
  void count(const Entry& entry, jobs::Spend& sum) const;

  std::vector<Link> links_;
  std::map<TurnKey, Entry> entries_;
  std::map<std::string, std::vector<TurnKey>> by_repo_;
  std::map<jobs::IssueKey, jobs::Usage> carried_;
};

}  // namespace runner::store

#include "runner/store/rebuild_ledger.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "runner/store/rows.h"

namespace runner::store {

namespace {

using TurnKey = std::pair<std::string, int>;

class Books {
 public:
  Books(Database& database, Seals& seals, Ledger& ledger, const std::vector<jobs::Run>& runs,
        const std::vector<jobs::Turn>& turns, jobs::TimePoint now)
      : database_(database), seals_(seals), ledger_(ledger), now_(now) {
    for (const jobs::Run& run : runs) {
      issues_[run.id.str()] = run.issue;
    }
    for (const jobs::Turn& turn : turns) {
      turns_[{turn.run.str(), turn.number}] = turn;
    }
  }

  /// A row that lies in the new ledger already.
  void know(const jobs::LedgerRow& row) {
    const TurnKey key{row.run.str(), row.turn};
    if (row.kind == jobs::LedgerKind::reserve) {
      reserved_.emplace(key, row);
    } else {
      ended_.insert(key);
    }
  }

  jobs::Status take(const jobs::LedgerRow& row) {
    const TurnKey key{row.run.str(), row.turn};
    if (row.kind == jobs::LedgerKind::reserve) {
      return reserve(key, row);
    }
    if (ended_.contains(key)) {
      return jobs::ok();
    }
    if (!reserved_.contains(key)) {
      // Its reservation is lost, but what it came to is known.
      jobs::LedgerRow before = row;
      before.kind = jobs::LedgerKind::reserve;
      if (const auto turn = turns_.find(key); turn != turns_.end()) {
        before.amount = turn->second.reserved;
      }
      RUNNER_TRY(reserve(key, before));
    }
    ended_.insert(key);
    return ledger_.append(database_, seals_, row);
  }

  /// Reservations that only the turns' own rows know of.
  jobs::Status add_lost_reservations() {
    for (const auto& [key, turn] : turns_) {
      const auto issue = issues_.find(key.first);
      if (turn.kind == jobs::TurnKind::command || reserved_.contains(key) ||
          issue == issues_.end()) {
        continue;
      }
      jobs::LedgerRow row;
      row.issue = issue->second;
      row.run = turn.run;
      row.turn = turn.number;
      row.agent = turn.agent;
      row.amount = turn.reserved;
      row.at = turn.planned_at;
      RUNNER_TRY(reserve(key, row));
    }
    return jobs::ok();
  }

  /// A turn that has ended, or that no row tells of, is settled by no tick any more.
  jobs::Result<std::int64_t> settle_open() {
    std::int64_t count = 0;
    for (const auto& [key, reservation] : reserved_) {
      const auto turn = turns_.find(key);
      const bool known = turn != turns_.end();
      if (ended_.contains(key) || (known && turn->second.state != jobs::TurnState::ended)) {
        continue;
      }
      jobs::LedgerRow row = reservation;
      row.kind = jobs::LedgerKind::settle;
      row.at = now_;
      row.estimated = !(known && turn->second.usage);
      if (!row.estimated) {
        row.amount.usd.micros = std::max<std::int64_t>(turn->second.usage->usd.micros, 0);
        row.amount.tokens = std::max<std::int64_t>(turn->second.usage->tokens, 0);
      }
      RUNNER_TRY(ledger_.append(database_, seals_, row));
      ++count;
    }
    return count;
  }

 private:
  jobs::Status reserve(const TurnKey& key, const jobs::LedgerRow& row) {
    return reserved_.emplace(key, row).second ? ledger_.append(database_, seals_, row) : jobs::ok();
  }

  Database& database_;
  Seals& seals_;
  Ledger& ledger_;
  jobs::TimePoint now_;
  std::map<std::string, jobs::IssueKey> issues_;
  std::map<TurnKey, jobs::Turn> turns_;
  std::map<TurnKey, jobs::LedgerRow> reserved_;
  std::set<TurnKey> ended_;
};

jobs::Status insert_as_it_is(Database& database, const HarvestedLink& link) {
  Row row{link.seq};
  row.insert(row.end(), link.cells.begin(), link.cells.end());
  row.emplace_back(link.previous);
  row.emplace_back(link.digest);
  return database.run(
      fmt::format(
          "INSERT INTO ledger(seq, {}, previous, digest) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
          kLedgerColumns),
      row);
}

/// How many rows at the beginning fit the anchor and one another.
std::size_t sound_beginning(const Harvest& harvest) {
  if (!harvest.ledger_anchor && !harvest.ledger_head) {
    return 0;
  }
  const Seal anchor = harvest.ledger_anchor.value_or(Seal{});
  std::int64_t expected = anchor.next_id;
  std::string previous = anchor.sum;
  std::size_t count = 0;
  for (const HarvestedLink& link : harvest.ledger) {
    if (link.seq != expected || link.previous != previous) {
      break;
    }
    previous = link.digest;
    ++expected;
    ++count;
  }
  return count;
}

}  // namespace

jobs::Result<std::int64_t> rebuild_ledger(Database& database, Seals& seals, Ledger& ledger,
                                          const Harvest& harvest,
                                          const std::vector<jobs::Run>& runs,
                                          const std::vector<jobs::Turn>& turns,
                                          jobs::TimePoint now) {
  std::size_t kept = sound_beginning(harvest);
  Books books(database, seals, ledger, runs, turns, now);
  if (kept > 0) {
    RUNNER_ASSIGN(Seal* const anchor, seals.of(kLedgerAnchor));
    *anchor = harvest.ledger_anchor.value_or(Seal{});
    RUNNER_ASSIGN(Seal* const head, seals.of("ledger"));
    for (std::size_t i = 0; i < kept; ++i) {
      RUNNER_TRY(insert_as_it_is(database, harvest.ledger[i]));
    }
    head->row_count = static_cast<std::int64_t>(kept);
    head->next_id = harvest.ledger[kept - 1].seq + 1;
    head->sum = harvest.ledger[kept - 1].digest;
    RUNNER_TRY(seals.flush());
  } else if (harvest.ledger_anchor && harvest.ledger_complete) {
    // Retention has pruned all of it: numbers and chain go on.
    RUNNER_ASSIGN(Seal* const anchor, seals.of(kLedgerAnchor));
    *anchor = *harvest.ledger_anchor;
    RUNNER_ASSIGN(Seal* const head, seals.of("ledger"));
    *head = harvest.ledger_head.value_or(Seal{});
    RUNNER_TRY(seals.flush());
  }
  RUNNER_TRY(ledger.load(database, seals));
  if (harvest.ledger_complete && harvest.complete()) {
    return 0;
  }
  for (std::size_t i = 0; i < harvest.ledger.size(); ++i) {
    RUNNER_ASSIGN(const jobs::LedgerRow row, ledger_from(harvest.ledger[i].cells));
    if (i < kept) {
      books.know(row);
    } else {
      RUNNER_TRY(books.take(row));
    }
  }
  RUNNER_TRY(books.add_lost_reservations());
  return books.settle_open();
}

}  // namespace runner::store

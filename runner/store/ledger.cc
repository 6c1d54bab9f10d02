#include "runner/store/ledger.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "jobs/base/planted.h"

namespace runner::store {

namespace {

constexpr const char* kTable = "ledger";
const std::string kNoDigest(64, '0');

/// Sums must not overflow, whatever an agent claims to have used.
std::int64_t add_clamped(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return a > 0 ? INT64_MAX : INT64_MIN;
  }
  return sum;
}

void add(jobs::Usage& sum, const jobs::Usage& more) {
  sum.usd.micros = add_clamped(sum.usd.micros, more.usd.micros);
  sum.tokens = add_clamped(sum.tokens, more.tokens);
  sum.turns = add_clamped(sum.turns, more.turns);
  sum.seconds = add_clamped(sum.seconds, more.seconds);
}

bool matches(const jobs::SpendFilter& filter, const jobs::LedgerRow& row) {
  return (!filter.run || *filter.run == row.run) && (!filter.issue || *filter.issue == row.issue) &&
         (!filter.repo || *filter.repo == row.issue.repo) &&
         (!filter.since || row.at >= *filter.since);
}

}  // namespace

std::string link_digest(std::int64_t seq, const Row& cells, const std::string& previous) {
  Row all{seq};
  all.insert(all.end(), cells.begin(), cells.end());
  all.emplace_back(previous);
  return digest_of(kTable, all);
}

jobs::Status Ledger::load(Database& database, Seals& seals) {
  links_.clear();
  entries_.clear();
  by_repo_.clear();
  carried_.clear();
  RUNNER_ASSIGN(const Seal* const head, seals.of(kTable));
  RUNNER_ASSIGN(const Seal* const anchor, seals.of(kLedgerAnchor));
  std::int64_t expected = anchor->next_id;
  std::string previous = anchor->sum;
  const auto link = [&](Row&& row) -> jobs::Status {
    const Row cells(row.begin() + 1, row.end() - 2);
    const std::string digest = link_digest(expected, cells, previous);
    const bool linked = row.front() == Value(expected) && row[row.size() - 2] == Value(previous) &&
                        row.back() == Value(digest);
    if (!linked && !RUNNER_PLANTED(chain_not_checked)) {
      return damaged(fmt::format("the ledger's chain breaks at row {}", expected));
    }
    RUNNER_ASSIGN(jobs::LedgerRow ledger, ledger_from(cells));
    links_.push_back({.seq = expected, .row = std::move(ledger)});
    RUNNER_TRY(index_last());
    previous = digest;
    ++expected;
    return jobs::ok();
  };
  RUNNER_TRY(database.each(
      fmt::format("SELECT seq, {}, previous, digest FROM ledger NOT INDEXED ORDER BY seq",
                  kLedgerColumns),
      {}, link));
  const bool whole = expected == head->next_id && previous == head->sum &&
                     head->row_count == static_cast<std::int64_t>(links_.size());
  if (!whole && !RUNNER_PLANTED(chain_not_checked)) {
    return damaged(fmt::format("the ledger's chain ends at row {} instead of {}", expected - 1,
                               head->next_id - 1));
  }
  RUNNER_ASSIGN(const auto carried, select(database, carried_table()));
  for (const Row& row : carried) {
    RUNNER_ASSIGN(const CarriedSpend one, carried_from(row));
    carried_[one.issue] = one.amount;
  }
  return jobs::ok();
}

jobs::Status Ledger::index_last() {
  const std::size_t index = links_.size() - 1;
  const jobs::LedgerRow& row = links_[index].row;
  const TurnKey key{row.run, row.turn};
  const auto known = entries_.find(key);
  const auto refused = [&](const char* why) {
    links_.pop_back();
    return jobs::fail(jobs::ErrorKind::conflict,
                      fmt::format("ledger: {} of turn {} of run {} {}", to_string(row.kind),
                                  key.second, key.first.str(), why));
  };
  if (row.kind == jobs::LedgerKind::reserve) {
    if (known != entries_.end()) {
      return refused("was recorded before");
    }
    entries_.emplace(key, Entry{.reserve = index});
    by_repo_[row.issue.repo.str()].push_back(key);
    return jobs::ok();
  }
  if (known == entries_.end()) {
    return refused("has no reservation");
  }
  if (known->second.ended) {
    return refused("was settled or released before");
  }
  known->second.end = index;
  known->second.ended = true;
  return jobs::ok();
}

jobs::Status Ledger::append(Database& database, Seals& seals, const jobs::LedgerRow& row) {
  if (row.amount.usd.micros < 0 || row.amount.tokens < 0 || row.amount.turns < 0 ||
      row.amount.seconds < 0) {
    return jobs::fail(
        jobs::ErrorKind::bug,
        fmt::format("ledger: a negative amount for turn {} of run {}", row.turn, row.run.str()));
  }
  RUNNER_ASSIGN(Seal* const head, seals.of(kTable));
  links_.push_back({.seq = head->next_id, .row = row});
  RUNNER_TRY(index_last());
  const Row cells = to_row(row);
  const std::string digest = link_digest(head->next_id, cells, head->sum);
  Row all{head->next_id};
  all.insert(all.end(), cells.begin(), cells.end());
  all.emplace_back(head->sum);
  all.emplace_back(digest);
  RUNNER_TRY(database.run(
      fmt::format(
          "INSERT INTO ledger(seq, {}, previous, digest) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
          kLedgerColumns),
      all));
  ++head->next_id;
  ++head->row_count;
  head->sum = digest;
  return jobs::ok();
}

void Ledger::count(const Entry& entry, jobs::Spend& sum) const {
  if (!entry.ended && RUNNER_PLANTED(reservations_not_counted)) {
    return;
  }
  if (!entry.ended) {
    add(sum.reserved, links_[entry.reserve].row.amount);
  } else if (links_[entry.end].row.kind == jobs::LedgerKind::settle) {
    add(sum.settled, links_[entry.end].row.amount);
  }
}

std::map<jobs::IssueKey, jobs::Spend> Ledger::spend_by_issue(
    const std::optional<jobs::TimePoint>& since) const {
  std::map<jobs::IssueKey, jobs::Spend> sums;
  for (const auto& [key, entry] : entries_) {
    const jobs::LedgerRow& reserve = links_[entry.reserve].row;
    if (!since || reserve.at >= *since) {
      count(entry, sums[reserve.issue]);
    }
  }
  if (!since) {
    for (const auto& [issue, amount] : carried_) {
      add(sums[issue].settled, amount);
    }
  }
  return sums;
}

jobs::Spend Ledger::spend(const jobs::SpendFilter& filter) const {
  jobs::Spend result;
  const auto count_matching = [&](const Entry& entry) {
    if (matches(filter, links_[entry.reserve].row)) {
      count(entry, result);
    }
  };
  if (filter.repo || filter.issue) {
    const auto found = by_repo_.find(filter.repo ? filter.repo->str() : filter.issue->repo.str());
    if (found != by_repo_.end()) {
      for (const TurnKey& key : found->second) {
        count_matching(entries_.at(key));
      }
    }
  } else {
    for (const auto& [key, entry] : entries_) {
      count_matching(entry);
    }
  }
  if (!filter.since && !filter.run) {
    const auto [begin, end] = filter.issue ? carried_.equal_range(*filter.issue)
                                           : std::pair(carried_.begin(), carried_.end());
    for (auto carried = begin; carried != end; ++carried) {
      if (!filter.repo || *filter.repo == carried->first.repo) {
        add(result.settled, carried->second);
      }
    }
  }
  return result;
}

std::vector<jobs::LedgerRow> Ledger::of_run(const jobs::RunId& run) const {
  std::vector<std::size_t> indexes;
  for (auto entry = entries_.lower_bound({run, INT32_MIN});
       entry != entries_.end() && entry->first.first == run; ++entry) {
    indexes.push_back(entry->second.reserve);
    if (entry->second.ended) {
      indexes.push_back(entry->second.end);
    }
  }
  std::sort(indexes.begin(), indexes.end());
  std::vector<jobs::LedgerRow> result;
  result.reserve(indexes.size());
  for (const std::size_t index : indexes) {
    result.push_back(links_[index].row);
  }
  return result;
}

bool Ledger::has_open(const jobs::RunId& run) const {
  for (auto entry = entries_.lower_bound({run, INT32_MIN});
       entry != entries_.end() && entry->first.first == run; ++entry) {
    if (!entry->second.ended) {
      return true;
    }
  }
  return false;
}

jobs::Status Ledger::prune(Database& database, Seals& seals, jobs::TimePoint before,
                           const std::set<jobs::RunId>& live) {
  std::set<TurnKey> open;
  std::size_t cut = 0;
  for (std::size_t i = 0; i < links_.size() && links_[i].row.at < before; ++i) {
    const jobs::LedgerRow& row = links_[i].row;
    if (live.contains(row.run)) {
      break;
    }
    if (row.kind == jobs::LedgerKind::reserve) {
      open.insert({row.run, row.turn});
    } else {
      open.erase({row.run, row.turn});
    }
    if (open.empty()) {
      cut = i + 1;
    }
  }
  if (cut == 0) {
    return jobs::ok();
  }
  std::map<jobs::IssueKey, jobs::Usage> sums = carried_;
  std::set<jobs::IssueKey> changed;
  for (std::size_t i = 0; i < cut; ++i) {
    if (links_[i].row.kind == jobs::LedgerKind::settle) {
      // Under the reservation's issue, as `spend` counts it.
      const jobs::IssueKey& issue =
          links_[entries_.at({links_[i].row.run, links_[i].row.turn}).reserve].row.issue;
      add(sums[issue], links_[i].row.amount);
      changed.insert(issue);
    }
  }
  for (const jobs::IssueKey& issue : changed) {
    RUNNER_TRY(put(database, seals, carried_table(),
                   to_row(CarriedSpend{.issue = issue, .amount = sums[issue]})));
  }
  RUNNER_ASSIGN(Seal* const head, seals.of(kTable));
  RUNNER_ASSIGN(Seal* const anchor, seals.of(kLedgerAnchor));
  anchor->next_id = links_[cut - 1].seq + 1;
  for (std::size_t i = 0; i < cut; ++i) {
    anchor->sum = link_digest(links_[i].seq, to_row(links_[i].row), anchor->sum);
  }
  head->row_count -= static_cast<std::int64_t>(cut);
  RUNNER_TRY(database.run("DELETE FROM ledger WHERE seq < ?", {anchor->next_id}));
  // What memory holds must be what is left; read again, it is verified again.
  return load(database, seals);
}

}  // namespace runner::store

#include "tests/oracle/judge_books.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace oracle {

namespace {

struct Account {
  std::vector<Amount> reserved;
  std::vector<Amount> settled;
  int released = 0;
};

bool negative(const Amount& amount) {
  return amount.usd < 0 || amount.tokens < 0 || amount.turns < 0 || amount.seconds < 0;
}

Amount& add(Amount& sum, const Amount& amount) {
  sum.usd += amount.usd;
  sum.tokens += amount.tokens;
  sum.turns += amount.turns;
  sum.seconds += amount.seconds;
  return sum;
}

/// Everything that the books hold against a cap: settled, or still reserved.
Amount charged(const std::map<TurnName, Account>& accounts) {
  Amount sum;
  for (const auto& [turn, account] : accounts) {
    if (!account.settled.empty()) {
      add(sum, account.settled.front());
    } else if (account.released == 0 && !account.reserved.empty()) {
      add(sum, account.reserved.front());
    }
  }
  return sum;
}

void judge_cap(std::string_view unit, std::int64_t sum, std::int64_t cap, std::int64_t one_turn,
               std::vector<Finding>& findings) {
  if (cap > 0 && sum > cap + one_turn) {
    findings.push_back({5, fmt::format("{} {} spent: more than the cap of {} and one turn's {}",
                                       sum, unit, cap, one_turn)});
  }
}

void judge_account(const TurnName& turn, const Account& account, const Observation& now,
                   std::vector<Finding>& findings) {
  const std::string name = fmt::format("turn {}/{}", turn.first, turn.second);
  const std::size_t ends = account.settled.size() + static_cast<std::size_t>(account.released);
  if (account.reserved.size() > 1) {
    findings.push_back({5, name + " was reserved twice"});
  }
  if (ends > 1) {
    findings.push_back({5, fmt::format("{} ended {} times in the books", name, ends)});
  }
  if (ends > 0 && account.reserved.empty()) {
    findings.push_back({5, name + " ended in the books without a reservation"});
  }
  const auto starts = now.starts.find(turn);
  if (account.released > 0 && starts != now.starts.end()) {
    findings.push_back({5, name + " was started and is free"});
  }
  const auto spent = now.spent.find(turn);
  if (spent == now.spent.end() || account.reserved.empty()) {
    return;
  }
  // An agent may spend past its reservation before it is stopped; up to it, nothing is forgotten.
  const Amount& reserved = account.reserved.front();
  for (const Amount& settled : account.settled) {
    if (settled.usd < std::min(spent->second.usd, reserved.usd) ||
        settled.tokens < std::min(spent->second.tokens, reserved.tokens)) {
      findings.push_back(
          {5, fmt::format("{} spent {} micro-dollars and {} tokens, settled are {} and {}", name,
                          spent->second.usd, spent->second.tokens, settled.usd, settled.tokens)});
    }
  }
}

/// Retention takes lines of the books off their front, none younger than this (docs/state.md).
constexpr Millis kLinesStay = Millis{62} * 24 * 3600 * 1000;

/// Every agent turn that was started is in the books, unless retention may have taken its lines.
void judge_missing(const Observation& now, const std::map<TurnName, Account>& accounts,
                   std::vector<Finding>& findings) {
  const bool cut = now.ledger.empty() || now.ledger.front().seq > 1;
  for (const auto& [turn, starts] : now.starts) {
    const bool agent = std::ranges::any_of(now.turns, [&](const TurnRow& row) {
      return row.run == turn.first && row.number == turn.second && row.kind != "command";
    });
    const bool old = std::ranges::any_of(now.runs, [&](const RunRow& run) {
      return run.id == turn.first && !run.live() && now.at - run.created_at > kLinesStay;
    });
    if (agent && !accounts.contains(turn) && !(cut && old)) {
      findings.push_back({5, fmt::format("turn {}/{} was started and is not in the books",
                                         turn.first, turn.second)});
    }
  }
}

}  // namespace

void judge_books(const Observation& now, const Rules& rules, std::vector<Finding>& findings) {
  std::map<TurnName, Account> accounts;
  std::int64_t last = 0;
  for (const LedgerLine& line : now.ledger) {
    Account& account = accounts[{line.run, line.turn}];
    if (line.kind == "reserve") {
      account.reserved.push_back(line.amount);
    } else if (line.kind == "settle") {
      account.settled.push_back(line.amount);
    } else if (line.kind == "release") {
      account.released += 1;
    } else {
      findings.push_back({5, fmt::format("ledger line {} is a '{}'", line.seq, line.kind)});
    }
    if (negative(line.amount)) {
      findings.push_back({5, fmt::format("ledger line {} is negative", line.seq)});
    }
    if (line.seq <= last) {
      findings.push_back({5, fmt::format("ledger line {} follows line {}", line.seq, last)});
    }
    last = line.seq;
  }
  for (const auto& [turn, account] : accounts) {
    judge_account(turn, account, now, findings);
  }
  judge_missing(now, accounts, findings);
  const Amount sum = charged(accounts);
  judge_cap("micro-dollars", sum.usd, rules.cap.usd, rules.per_turn.usd, findings);
  judge_cap("tokens", sum.tokens, rules.cap.tokens, rules.per_turn.tokens, findings);
  judge_cap("turns", sum.turns, rules.cap.turns, rules.per_turn.turns, findings);
  judge_cap("seconds", sum.seconds, rules.cap.seconds, rules.per_turn.seconds, findings);
}

}  // namespace oracle

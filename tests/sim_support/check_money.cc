// Invariant 5, judged when a reservation is made: from the ledger's rows, never by product code.
#include <chrono>

#include <fmt/format.h>

#include "tests/sim_support/world.h"

namespace sim {

namespace {

jobs::TimePoint day_of(jobs::TimePoint time) {
  return std::chrono::floor<std::chrono::days>(time);
}

jobs::TimePoint month_of(jobs::TimePoint time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return std::chrono::sys_days(date.year() / date.month() / 1);
}

}  // namespace

void Checks::reserves(const Tick& tick, const jobs::LedgerRow& row, const jobs::Change& change) {
  const auto& rows = world_.store.look();
  struct Account {
    const jobs::LedgerRow* reserve = nullptr;
    const jobs::LedgerRow* end = nullptr;
  };
  std::map<std::pair<jobs::RunId, int>, Account> accounts;
  const auto read = [&](const jobs::LedgerRow& line) {
    Account& account = accounts[{line.run, line.turn}];
    (line.kind == jobs::LedgerKind::reserve ? account.reserve : account.end) = &line;
  };
  for (const jobs::LedgerRow& line : rows.ledger) {
    read(line);
  }
  for (const jobs::LedgerRow& line : change.ledger) {
    if (&line == &row) {
      break;
    }
    read(line);
  }
  jobs::Usage run;
  jobs::Usage issue;
  jobs::Usage repo_day;
  jobs::Usage fleet_day;
  jobs::Usage fleet_month;
  for (const auto& [key, spent] : rows.carried) {
    if (key == row.issue) {
      issue = issue + spent;
    }
  }
  for (const auto& [key, account] : accounts) {
    if (account.reserve == nullptr) {
      continue;
    }
    const jobs::LedgerRow& line = *account.reserve;
    const jobs::Usage cost = account.end == nullptr                          ? line.amount
                             : account.end->kind == jobs::LedgerKind::settle ? account.end->amount
                                                                             : jobs::Usage{};
    const auto add = [&](bool counts, jobs::Usage& sum) {
      if (counts) {
        sum = sum + cost;
      }
    };
    add(line.run == row.run, run);
    add(line.issue == row.issue, issue);
    add(line.issue.repo == row.issue.repo && line.at >= day_of(row.at), repo_day);
    add(line.at >= day_of(row.at), fleet_day);
    add(line.at >= month_of(row.at), fleet_month);
  }
  const auto judge = [&](const char* what, auto spent, const auto& cap) {
    if (cap && spent >= *cap) {
      broken(5, fmt::format("turn {}/{} is reserved though the cap {} is reached", row.run.str(),
                            row.turn, what));
    } else if (cap && spent > decltype(spent){}) {
      world_.see("a turn is reserved below a cap");
    }
  };
  const jobs::Budget& budget = tick.fleet->budget;
  judge("of the run in USD", run.usd, budget.run_usd);
  judge("of the run in tokens", run.tokens, budget.run_tokens);
  judge("of the run in turns", run.turns, budget.run_turns);
  judge("of the issue in USD", issue.usd, budget.issue_usd);
  judge("of the issue in turns", issue.turns, budget.issue_turns);
  judge("of the repository's day in USD", repo_day.usd, budget.repo_day_usd);
  judge("of the repository's day in turns", repo_day.turns, budget.repo_day_turns);
  judge("of the fleet's day in USD", fleet_day.usd, budget.fleet_day_usd);
  judge("of the fleet's day in turns", fleet_day.turns, budget.fleet_day_turns);
  judge("of the fleet's day in tokens", fleet_day.tokens, budget.fleet_day_tokens);
  judge("of the fleet's month in USD", fleet_month.usd, budget.fleet_month_usd);
}

}  // namespace sim

#include <algorithm>
#include <iterator>
#include <tuple>

#include "tests/fakes/memory_store.h"

namespace fakes {

namespace {

using jobs::ErrorKind;
using jobs::fail;

template <typename T>
void keep_first(std::vector<T>& items, int limit) {
  if (limit > 0 && items.size() > static_cast<std::size_t>(limit)) {
    items.erase(items.begin() + limit, items.end());
  }
}

}  // namespace

jobs::Result<std::vector<jobs::Run>> MemoryStore::runs(const jobs::RunFilter& filter) {
  std::vector<jobs::Run> result;
  for (auto run = state_.runs.rbegin(); run != state_.runs.rend(); ++run) {
    const jobs::Run& one = run->second;
    if ((!filter.live_only || one.live()) && (!filter.repo || one.issue.repo == *filter.repo) &&
        (!filter.issue || one.issue == *filter.issue) &&
        (!filter.outcome || one.outcome == filter.outcome)) {
      result.push_back(one);
      if (!filter.texts) {
        result.back().title.clear();
        result.back().body.clear();
        result.back().text_digest.clear();
      }
    }
  }
  keep_first(result, filter.limit);
  return result;
}

jobs::Result<jobs::Run> MemoryStore::run(const std::string& id_or_prefix) {
  if (const auto exact = state_.runs.find(jobs::RunId(id_or_prefix)); exact != state_.runs.end()) {
    return jobs::Run(exact->second);
  }
  if (id_or_prefix.size() < 4) {
    return fail(ErrorKind::usage,
                "'" + id_or_prefix + "' is too short for the beginning of a run's id");
  }
  std::vector<const jobs::Run*> matching;
  std::string ids;
  for (const auto& [id, run] : state_.runs) {
    const bool matches = id.str().starts_with(id_or_prefix);
    if (matches) {
      matching.push_back(&run);
    }
    if (matches || matching.empty()) {
      ids += " " + id.str();
    }
  }
  if (matching.empty()) {
    return fail(ErrorKind::not_found, "there is no run '" + id_or_prefix + "'", "nearest:" + ids);
  }
  if (matching.size() > 1) {
    return fail(ErrorKind::usage, "'" + id_or_prefix + "' is the beginning of several runs:" + ids);
  }
  return jobs::Run(*matching.front());
}

jobs::Result<std::vector<jobs::Turn>> MemoryStore::turns(const jobs::RunId& run) {
  std::vector<jobs::Turn> result;
  for (const auto& [key, turn] : state_.turns) {
    if (key.first == run) {
      result.push_back(turn);
    }
  }
  return result;
}

jobs::Result<std::vector<jobs::Event>> MemoryStore::events(const jobs::RunId& run) {
  std::vector<jobs::Event> result;
  std::copy_if(state_.events.begin(), state_.events.end(), std::back_inserter(result),
               [&](const jobs::Event& event) { return event.run == run; });
  return result;
}

jobs::Result<std::vector<jobs::Attempt>> MemoryStore::attempts(const jobs::IssueKey& issue) {
  std::vector<jobs::Attempt> result;
  std::copy_if(state_.attempts.begin(), state_.attempts.end(), std::back_inserter(result),
               [&](const jobs::Attempt& attempt) { return attempt.issue == issue; });
  std::sort(result.begin(), result.end(), [](const jobs::Attempt& a, const jobs::Attempt& b) {
    return std::tie(a.at, a.head, a.failing_set) < std::tie(b.at, b.head, b.failing_set);
  });
  return result;
}

jobs::Result<std::vector<jobs::OutboxRow>> MemoryStore::outbox(
    const std::optional<jobs::RunId>& run) {
  std::vector<jobs::OutboxRow> result;
  for (const auto& [id, row] : state_.outbox) {
    if (run ? row.effect.run == *run : !row.finished_at) {
      result.push_back(row);
    }
  }
  return result;
}

jobs::Result<std::vector<jobs::Brake>> MemoryStore::brakes(bool in_force_only) {
  std::vector<jobs::Brake> result;
  for (const auto& [id, brake] : state_.brakes) {
    if (!in_force_only || brake.in_force()) {
      result.push_back(brake);
    }
  }
  return result;
}

jobs::Result<std::vector<jobs::Request>> MemoryStore::requests() {
  std::vector<jobs::Request> result = state_.requests;
  std::sort(result.begin(), result.end(), [](const jobs::Request& a, const jobs::Request& b) {
    return std::pair(a.at, a.run) < std::pair(b.at, b.run);
  });
  return result;
}

jobs::Result<std::optional<jobs::Pause>> MemoryStore::pause() {
  return std::optional<jobs::Pause>(state_.pause);
}

jobs::Result<jobs::Spend> MemoryStore::spend(const jobs::SpendFilter& filter) {
  jobs::Spend result;
  for (const auto& [turn, account] : state_.accounts) {
    const jobs::LedgerRow& reserve = state_.ledger[static_cast<std::size_t>(account.first)];
    if ((filter.run && reserve.run != *filter.run) ||
        (filter.issue && reserve.issue != *filter.issue) ||
        (filter.repo && reserve.issue.repo != *filter.repo) ||
        (filter.since && reserve.at < *filter.since)) {
      continue;
    }
    if (account.second < 0) {
      result.reserved = result.reserved + reserve.amount;
    } else if (const auto& end = state_.ledger[static_cast<std::size_t>(account.second)];
               end.kind == jobs::LedgerKind::settle) {
      result.settled = result.settled + end.amount;
    }
  }
  for (const auto& [issue, amount] : state_.carried) {
    if (!filter.run && !filter.since && (!filter.issue || issue == *filter.issue) &&
        (!filter.repo || issue.repo == *filter.repo)) {
      result.settled = result.settled + amount;
    }
  }
  return result;
}

jobs::Result<std::map<jobs::IssueKey, jobs::Spend>> MemoryStore::spend_by_issue(
    const std::optional<jobs::TimePoint>& since) {
  std::set<jobs::IssueKey> issues;
  for (const jobs::LedgerRow& row : state_.ledger) {
    if (row.kind == jobs::LedgerKind::reserve && (!since || row.at >= *since)) {
      issues.insert(row.issue);
    }
  }
  if (!since) {
    for (const auto& [issue, amount] : state_.carried) {
      issues.insert(issue);
    }
  }
  std::map<jobs::IssueKey, jobs::Spend> sums;
  for (const jobs::IssueKey& issue : issues) {
    RUNNER_ASSIGN(sums[issue], spend({.run = {}, .issue = issue, .repo = {}, .since = since}));
  }
  return sums;
}

jobs::Result<std::vector<jobs::LedgerRow>> MemoryStore::ledger(const jobs::RunId& run) {
  std::vector<jobs::LedgerRow> result;
  std::copy_if(state_.ledger.begin(), state_.ledger.end(), std::back_inserter(result),
               [&](const jobs::LedgerRow& row) { return row.run == run; });
  return result;
}

jobs::Result<std::vector<jobs::PastDecision>> MemoryStore::decisions(const jobs::IssueKey& issue,
                                                                     int limit) {
  std::vector<jobs::PastDecision> result;
  std::copy_if(state_.decisions.rbegin(), state_.decisions.rend(), std::back_inserter(result),
               [&](const jobs::PastDecision& past) { return past.decision.issue == issue; });
  keep_first(result, limit);
  return result;
}

jobs::Result<std::vector<jobs::TickRow>> MemoryStore::ticks(int limit) {
  std::vector<jobs::TickRow> result;
  for (const auto& [id, tick] : state_.ticks) {
    result.push_back(tick);
  }
  std::sort(result.begin(), result.end(), [](const jobs::TickRow& a, const jobs::TickRow& b) {
    return std::pair(a.started_at, a.id) > std::pair(b.started_at, b.id);
  });
  keep_first(result, limit);
  return result;
}

jobs::Result<jobs::Counters> MemoryStore::counters() {
  return jobs::Counters(state_.counters);
}

}  // namespace fakes

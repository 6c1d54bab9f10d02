#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "tests/oracle/judge.h"

namespace oracle {

namespace {

bool same(const LedgerLine& a, const LedgerLine& b) {
  return a.kind == b.kind && a.run == b.run && a.turn == b.turn && a.amount.usd == b.amount.usd &&
         a.amount.tokens == b.amount.tokens && a.amount.turns == b.amount.turns &&
         a.amount.seconds == b.amount.seconds && a.at == b.at;
}

/// Invariant 10: nothing that was on a base branch is gone from it.
void judge_history(const Observation& before, const Observation& after,
                   std::vector<Finding>& findings) {
  for (const auto& [repo, remote] : before.remotes) {
    const auto now = after.remotes.find(repo);
    if (now == after.remotes.end()) {
      continue;
    }
    std::set<std::string> ids;
    for (const CommitSeen& commit : now->second.base) {
      ids.insert(commit.id);
    }
    for (const CommitSeen& commit : remote.base) {
      if (!ids.contains(commit.id)) {
        findings.push_back(
            {10, fmt::format("{}: commit {} was on the base branch and is not any more", repo,
                             commit.id)});
        break;
      }
    }
  }
}

void judge_runs(const Observation& before, const Observation& after,
                std::vector<Finding>& findings) {
  for (const RunRow& run : before.runs) {
    const auto now = std::ranges::find(after.runs, run.id, &RunRow::id);
    if (now == after.runs.end()) {
      if (run.live()) {
        findings.push_back({4, fmt::format("run {} was live and is gone", run.id)});
      }
      continue;
    }
    if (!run.live() && (now->live() || now->outcome != run.outcome)) {
      findings.push_back({9, fmt::format("run {} had ended as {} and is now {} {}", run.id,
                                         run.outcome, now->step, now->outcome)});
    }
    if (now->landings < run.landings || now->turns < run.turns ||
        now->fix_attempts < run.fix_attempts) {
      findings.push_back({5, fmt::format("a count of run {} went backwards", run.id)});
    }
  }
}

void judge_ledger(const Observation& before, const Observation& after,
                  std::vector<Finding>& findings) {
  std::map<std::int64_t, const LedgerLine*> now;
  for (const LedgerLine& line : after.ledger) {
    now[line.seq] = &line;
  }
  const std::int64_t first = after.ledger.empty() ? 0 : after.ledger.front().seq;
  for (const LedgerLine& line : before.ledger) {
    const auto found = now.find(line.seq);
    if (found == now.end()) {
      // Retention takes from the front only.
      if (after.ledger.empty() || line.seq > first) {
        findings.push_back({5, fmt::format("ledger line {} is gone", line.seq)});
      }
    } else if (!same(line, *found->second)) {
      findings.push_back({5, fmt::format("ledger line {} was changed", line.seq)});
    }
  }
}

}  // namespace

std::vector<Finding> judge_between(const Observation& before, const Observation& after) {
  std::vector<Finding> findings;
  if (before.has_state && !after.has_state) {
    findings.push_back({13, "the state is gone"});
    return findings;
  }
  judge_history(before, after, findings);
  judge_runs(before, after, findings);
  judge_ledger(before, after, findings);
  for (const auto& [name, value] : before.counters) {
    const auto now = after.counters.find(name);
    if (now == after.counters.end() || now->second < value) {
      findings.push_back({4, "the counter " + name + " went backwards"});
    }
  }
  if (after.lease_epoch < before.lease_epoch) {
    findings.push_back({1, fmt::format("the lease's epoch went from {} to {}", before.lease_epoch,
                                       after.lease_epoch)});
  }
  return findings;
}

}  // namespace oracle

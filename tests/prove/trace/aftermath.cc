#include "tests/prove/trace/aftermath.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/prove/trace/converge.h"

namespace prove::trace {

namespace {

constexpr int kTicks = 2;
constexpr std::int64_t kEvery = 10;

/// Everything in a state that decides what the next ticks do, without what is different in every
/// life: names, times, processes.
std::string kind_of(const oracle::Observation& now) {
  std::string kind = now.has_state ? "" : "no state;";
  for (const oracle::RunRow& run : now.runs) {
    kind += fmt::format("{} {} turns {} landings {} fixes {} verified {} head {} released {};",
                        run.step, run.outcome, run.turns, run.landings, run.fix_attempts,
                        run.verify_attempts, run.head.empty() || run.head == run.base,
                        run.worktree_released);
  }
  for (const oracle::TurnRow& turn : now.turns) {
    kind += fmt::format("{} {} {};", turn.kind, turn.state, turn.end);
  }
  for (const oracle::EffectRow& row : now.outbox) {
    kind += fmt::format("{} {} {};", row.kind, row.state, std::min<std::int64_t>(row.attempts, 2));
  }
  for (const auto& [name, issue] : now.issues) {
    kind +=
        fmt::format("{} {} {};", issue.open, fmt::join(issue.labels, ","), issue.comments.size());
  }
  for (const auto& [repo, remote] : now.remotes) {
    kind += fmt::format("{} refs {} commits;", remote.refs.size(), remote.base.size());
  }
  const auto estimated = std::ranges::count(now.ledger, true, &oracle::LedgerLine::estimated);
  return kind + fmt::format("{} lines {} estimated {} trees {} rescued", now.ledger.size(),
                            estimated, now.worktrees.size(), now.rescue_refs.size());
}

/// What holds at any moment of a life in which nothing but a death has happened.
std::string judge_life_so_far(const oracle::Observation& now) {
  if (now.runs.size() > 1) {
    return fmt::format("invariant 2: {} runs of one claim", now.runs.size());
  }
  for (const oracle::RunRow& run : now.runs) {
    if (!run.live() && run.outcome != "landed") {
      return fmt::format("invariant 4: the run is {} ({}) after nothing but a death", run.outcome,
                         run.reason);
    }
  }
  return now.notifications.empty() ? "" : "invariant 4: a person was called after a death";
}

}  // namespace

bool Follower::is_due(const Aftermath& after, std::string_view scenario, std::int64_t index) {
  const std::string kind = fmt::format("{}: {}", scenario, kind_of(after.now));
  const std::lock_guard lock(mutex_);
  const bool fresh = kinds_.insert(kind).second;
  return fresh || all_ || index % kEvery == 0 || after.failing_ticks > 0;
}

Aftermath Follower::follow(const Ground& ground, const oracle::Observation& before, bool whole,
                           std::string_view scenario, std::int64_t index) {
  Aftermath after;
  const auto count = [&](const Converged& ticked) {
    after.ticks += ticked.ticks;
    after.failing_ticks += ticked.failing_ticks;
    after.at_rest = ticked.quiet;
    after.broken = ticked.trouble.empty() ? "" : "invariant 4: " + ticked.trouble;
  };
  const auto look = [&] {
    after.now = ground.observe();
    std::string problems = judge_now(before, after.now);
    if (whole && problems.empty()) {
      problems = judge_life_so_far(after.now);
    }
    after.broken = problems.empty() ? "" : fmt::format("after {} ticks: {}", after.ticks, problems);
  };
  count(clean_ticks(ground, kTicks));
  if (after.broken.empty()) {
    look();
  }
  if (after.broken.empty() && !after.at_rest && is_due(after, scenario, index)) {
    count(converge(ground));
    if (after.broken.empty()) {
      after.now = ground.observe();
    }
  }
  if (after.broken.empty() && after.at_rest) {
    after.broken = judge_end(before, after.now, whole);
  }
  return after;
}

}  // namespace prove::trace

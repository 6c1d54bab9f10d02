// The faults have stopped: ticks alone bring the world to rest, and then it is judged.
#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/time.h"
#include "runner/tick/engine.h"
#include "tests/sim_support/observe.h"
#include "tests/sim_support/world.h"

namespace sim {

namespace {
constexpr int kMostTicks = 400;

/// The first issue that two ticks decide otherwise, and how; empty if there is none.
std::string difference(const std::vector<jobs::Decision>& planned,
                       const std::vector<jobs::Decision>& made) {
  const auto [one, other] = std::ranges::mismatch(planned, made);
  const auto shown = [](const auto& at, const auto& all) {
    return at == all.end()
               ? "nothing more"
               : fmt::format("{} {} ({})", at->issue.str(), to_string(at->reason), at->detail);
  };
  return one == planned.end() && other == made.end()
             ? ""
             : fmt::format("{} against {}", shown(one, planned), shown(other, made));
}
}  // namespace

/// One tick after the other until two in a row change nothing and nothing moves any more.
bool World::rest() {
  int quiet = 0;
  for (int i = 0; i < kMostTicks && quiet < 2; ++i) {
    clock.advance(std::chrono::minutes(i < 40 ? 4 : 17));
    const std::int64_t before = activity;
    if (i % 8 == 3 && script.seed % 8 == 0) {
      dry_run_matches();
    }
    start_tick(true);
    while (one_step()) {
    }
    bool moving = executor.next_end().has_value();
    for (const auto& [id, run] : store.look().runs) {
      moving = moving || run.live();
    }
    quiet = activity == before && !moving ? quiet + 1 : 0;
  }
  return quiet == 2;
}

void World::settle() {
  if (!rest()) {
    checks.broken(4, "ticks alone do not bring it to rest");
    return;
  }
  observe_and_judge(*this, true);
  // A long time later: retention has taken the records, and what is over must stay over.
  clock.advance(std::chrono::hours(24 * 100));
  looked.reset();
  if (!rest()) {
    checks.broken(4, "a hundred days later ticks alone do not bring it to rest");
    return;
  }
  for (int day = 0; day < 2; ++day) {
    clock.advance(std::chrono::hours(24 * 9));
    looked.reset();
    if (!rest()) {
      checks.broken(4, "days later ticks alone do not bring it to rest");
    }
  }
  observe_and_judge(*this, true);
  const std::vector<jobs::WorktreeEntry> worktrees = git.list().value();
  for (const jobs::WorktreeEntry& entry : worktrees) {
    if (!entry.run.empty()) {
      checks.broken(4, fmt::format("the worktree of {} is kept for ever", entry.run));
    }
  }
  const auto& rows = store.look();
  const jobs::Labels labels;
  std::set<jobs::IssueKey> decided;
  for (const jobs::PastDecision& past : rows.decisions) {
    if (past.at + std::chrono::hours(12) > clock.truth()) {
      decided.insert(past.decision.issue);
      see("reason " + std::string(to_string(past.decision.reason)));
    }
  }
  counts["lifecycles"] += counts["runs ended"] + static_cast<std::int64_t>(decided.size());
  counts["issues that stand with a reason"] += static_cast<std::int64_t>(decided.size());
  for (const auto& [key, card] : tracker.cards()) {
    const auto& text = card.now();
    const bool ready = std::ranges::find(text.labels, labels.ready) != text.labels.end();
    if (text.there && text.open && ready && !decided.contains(key)) {
      checks.broken(15, key.str() + " is released and stands without a recorded reason");
    }
  }
}

/// A dry run tells what the next real tick then does: the same decisions, the same first effects.
void World::dry_run_matches() {
  if (!store.look().requests.empty()) {
    return;
  }
  for (const auto& [id, row] : store.look().outbox) {
    if (!row.finished_at) {
      return;
    }
  }
  const std::uint64_t seed = clock.random();
  jobs::ReaderPorts readers;
  readers.trackers["local"] = &tracker;
  readers.ci["ci"] = &ci;
  readers.executor = &executor;
  readers.workspace = &git;
  readers.store = &store;
  readers.clock = &clock;
  runner::TickOptions options;
  options.observers = 1;
  executor.settle();
  clock.reseed(seed);
  const runner::TickReport plan =
      runner::dry_run_tick(readers, *fleet, options, [](const auto&) {});
  clock.reseed(seed);
  const std::int64_t last = store.look().next_effect;
  start_tick(true);
  Tick& tick = *ticks_.back();
  // No time passes between the look and the tick, or within the tick: CI may end in it.
  stands_still_ = true;
  runner::TickReport report;
  while (true) {
    tick.fiber->resume();
    if (tick.fiber->done()) {
      report = tick.report;
      ticks_.clear();
      break;
    }
  }
  stands_still_ = false;
  clock.ahead = jobs::Duration::zero();
  ++counts["dry runs compared"];
  std::map<jobs::RunId, std::string> first;
  for (const jobs::PlannedStep& step : report.steps) {
    first.emplace(step.run, step.action);
  }
  bool all_wait = true;
  std::set<jobs::RunId> planned;
  for (const jobs::PlannedStep& step : plan.steps) {
    // What a later job of the tick does with a run counts too: fix-forward freezes what watch left.
    all_wait = all_wait && (step.action == "wait" || step.action == "start");
    if (!planned.insert(step.run).second || step.action == "start") {
      continue;
    }
    const auto found = first.find(step.run);
    if (found == first.end() || found->second != step.action) {
      checks.broken(
          7, fmt::format("the dry run says {} for {}, the tick did {}", step.action, step.run.str(),
                         found == first.end() ? "nothing" : found->second));
    }
  }
  if (!all_wait) {
    return;
  }
  if (const std::string other = difference(plan.decisions, report.decisions); !other.empty()) {
    checks.broken(7, "the dry run decides otherwise than the tick right after it: " + other);
  }
  // The name of a run that begins holds its moment, and the tick comes to that a little later.
  const auto name = [](const jobs::Effect& effect) {
    return effect.issue.str() +
           effect.key.substr(std::min(effect.key.find('/'), effect.key.size()));
  };
  std::multiset<std::string> said;
  for (const jobs::Effect& effect : plan.planned) {
    said.insert(name(effect));
  }
  std::multiset<std::string> recorded;
  for (auto row = store.look().outbox.lower_bound(last); row != store.look().outbox.end(); ++row) {
    if (said.contains(name(row->second.effect))) {
      recorded.insert(name(row->second.effect));
    }
  }
  if (recorded != said) {
    checks.broken(7, fmt::format("the dry run plans {}; of these, the tick recorded {}",
                                 fmt::join(said, ", "), fmt::join(recorded, ", ")));
  }
  see("a dry run that plans something");
}

}  // namespace sim

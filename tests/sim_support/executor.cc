#include "tests/sim_support/executor.h"

#include <algorithm>
#include <utility>

namespace sim {

using jobs::ErrorKind;
using State = jobs::TurnFacts::State;

namespace {

constexpr jobs::Duration kReportedLate = std::chrono::minutes(20);

jobs::Usage part(const jobs::Usage& whole, std::int64_t percent) {
  return {jobs::Usd{whole.usd.micros * percent / 100}, whole.tokens * percent / 100, 1, 0};
}

}  // namespace

void Executor::end(Turn& turn, jobs::TurnExit exit, jobs::TimePoint at, bool worked) {
  if (worked && turn.plan.work) {
    turn.plan.work(turn.spec);
  }
  turn.ended = true;
  turn.exit = std::move(exit);
  turn.exit.at = at;
  const jobs::Duration ran = at - turn.started;
  const std::int64_t percent =
      worked || turn.plan.takes.count() == 0
          ? 100
          : std::clamp<std::int64_t>(ran.count() * 100 / turn.plan.takes.count(), 0, 100);
  if (!turn.spec.prompt.empty() && turn.exit.end != jobs::TurnEnd::not_started) {
    meter_[turn.spec.directory] = part(turn.plan.spends, percent);
  }
}

void Executor::settle() {
  for (auto& [directory, turn] : turns_) {
    const jobs::TimePoint due = turn.started + turn.plan.takes;
    if (!turn.ended && !turn.plan.stuck && clock_.now() >= due) {
      turn.orphans = turn.plan.orphans;
      end(turn, turn.plan.exit, due, true);
    }
  }
}

std::optional<jobs::TimePoint> Executor::next_end() const {
  std::optional<jobs::TimePoint> next;
  for (const auto& [directory, turn] : turns_) {
    if (!turn.ended && !turn.plan.stuck) {
      next = std::min(next.value_or(jobs::TimePoint::max()), turn.started + turn.plan.takes);
    }
  }
  return next;
}

std::optional<jobs::Usage> Executor::reported(const Turn& turn) const {
  const auto spent = meter_.find(turn.spec.directory);
  if (spent == meter_.end()) {
    return std::nullopt;
  }
  switch (turn.plan.report) {
    case UsageReport::exact: return spent->second;
    case UsageReport::lost: return std::nullopt;
    case UsageReport::late:
      return clock_.now() >= *turn.exit.at + kReportedLate ? std::optional(spent->second)
                                                           : std::nullopt;
    case UsageReport::doubled: return spent->second + spent->second;
    case UsageReport::reordered: return spent->second;
    case UsageReport::negative:
      return jobs::Usage{jobs::Usd{-spent->second.usd.micros}, -spent->second.tokens, 1, 0};
    case UsageReport::partial:
      // Whose supervisor died has a last report, not a final one.
      return part(spent->second, turn.exit.end == jobs::TurnEnd::lost ? 40 : 100);
  }
  return std::nullopt;
}

jobs::Result<jobs::TurnFacts> Executor::observe(const std::string& directory) {
  jobs::TurnFacts facts;
  const auto found = turns_.find(directory);
  if (found == turns_.end()) {
    return facts;
  }
  const Turn& turn = found->second;
  facts.state = turn.ended ? State::ended : State::running;
  facts.started_at = turn.started;
  facts.containment = "pid-namespace";
  facts.phases = turn.plan.phases;
  if (turn.ended) {
    facts.exit = turn.exit;
    facts.blocked = turn.plan.blocked;
    facts.usage = reported(turn);
    facts.output_tail = "the end";
    facts.session = "session";
  } else if (turn.plan.report == UsageReport::reordered) {
    // What was said first arrives last.
    facts.usage = part(turn.plan.spends, 90 - ((clock_.now() - turn.started).count() % 80));
  }
  return facts;
}

jobs::Result<std::vector<std::string>> Executor::list() {
  std::vector<std::string> result;
  for (const auto& [directory, turn] : turns_) {
    result.push_back(directory);
  }
  return result;
}

jobs::Status Executor::start(const jobs::TurnSpec& spec, const jobs::Fence& still_ours) {
  if (const auto found = turns_.find(spec.directory); found != turns_.end()) {
    return found->second.spec.issue == spec.issue
               ? jobs::ok()
               : jobs::Status(jobs::fail(ErrorKind::conflict, "belongs to another turn"));
  }
  RUNNER_TRY(jobs::ask(still_ours));
  starting(spec);
  Turn turn{.spec = spec, .plan = plan(spec), .started = clock_.now(), .exit = {}};
  const bool runs = turn.plan.exit.end != jobs::TurnEnd::not_started;
  if (runs) {
    ++starts_[spec.directory];
  }
  Turn& kept = turns_[spec.directory] = std::move(turn);
  if (!runs) {
    end(kept, kept.plan.exit, clock_.now(), false);
  }
  return jobs::ok();
}

jobs::Status Executor::stop(const std::string& directory, const std::string& why) {
  const auto found = turns_.find(directory);
  if (found == turns_.end()) {
    return jobs::ok();
  }
  found->second.orphans = 0;
  if (!found->second.ended) {
    end(found->second,
        {.end = jobs::TurnEnd::stopped,
         .exit_code = 0,
         .signal = 15,
         .detail = "stopped: " + why,
         .at = {}},
        clock_.now(), false);
  }
  return jobs::ok();
}

jobs::Result<int> Executor::reap(const std::string& directory) {
  const auto found = turns_.find(directory);
  return found == turns_.end() ? 0 : std::exchange(found->second.orphans, 0);
}

jobs::Status Executor::remove(const std::string& directory) {
  const auto found = turns_.find(directory);
  if (found == turns_.end()) {
    return jobs::ok();
  }
  if (!found->second.ended) {
    return jobs::fail(ErrorKind::conflict, "the turn in " + directory + " is still running");
  }
  turns_.erase(found);
  return jobs::ok();
}

}  // namespace sim

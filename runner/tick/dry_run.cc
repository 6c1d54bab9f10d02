// Observe and decide, and tell: nothing here can write.
#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "jobs/pipelines/transition.h"
#include "jobs/ticks/plan.h"
#include "runner/tick/engine.h"
#include "runner/tick/observe.h"
#include "runner/tick/tick_start.h"

namespace runner {

namespace {

/// What an earlier tick recorded and did not finish comes first in the next one, where it is due.
jobs::Status plan_recorded(jobs::StoreReader& store, jobs::TimePoint now, TickReport& report) {
  RUNNER_ASSIGN(std::vector<jobs::OutboxRow> rows, store.outbox(std::nullopt));
  std::set<jobs::RunId> held_up;
  for (jobs::OutboxRow& row : rows) {
    const bool open =
        row.state == jobs::EffectState::pending || row.state == jobs::EffectState::claimed;
    if (!open || held_up.contains(row.effect.run)) {
      continue;
    }
    RUNNER_ASSIGN(const jobs::Run run, store.run(row.effect.run.str()));
    if (!jobs::still_wanted(row.effect, run)) {
      continue;
    }
    if (row.next_attempt && now < *row.next_attempt) {
      held_up.insert(row.effect.run);
      continue;
    }
    report.planned.push_back(std::move(row.effect));
  }
  return jobs::ok();
}

}  // namespace

TickReport dry_run_tick(const jobs::ReaderPorts& readers, const jobs::Fleet& fleet,
                        const TickOptions& options, const Listener& listener) {
  TickReport report;
  report.dry_run = true;
  report.row = new_row(readers, options);
  const auto paused = is_paused(readers, report);
  if (!paused || *paused) {
    if (!paused) {
      end_with(report, paused.error());
    }
    return report;
  }
  const jobs::TimePoint now = report.row.started_at;
  Observer observer(readers, fleet, options.observers);
  const auto collect = [&](jobs::Plan plan) {
    std::ranges::move(plan.steps, std::back_inserter(report.steps));
    std::ranges::move(plan.problems, std::back_inserter(report.problems));
    std::ranges::move(plan.change.effects, std::back_inserter(report.planned));
  };
  const auto decide = [&](jobs::TickJob job) -> jobs::Status {
    switch (job) {
      case jobs::TickJob::watch:
        RUNNER_TRY(plan_recorded(*readers.store, now, report));
        [[fallthrough]];
      case jobs::TickJob::fix_forward: {
        RUNNER_ASSIGN(
            const std::vector<jobs::Run> runs,
            readers.store->runs({.live_only = true, .repo = {}, .issue = {}, .outcome = {}}));
        for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
          RUNNER_ASSIGN(jobs::RunView view, observer.run_view(*run, now));
          collect(job == jobs::TickJob::watch ? jobs::watch(std::move(view), fleet, now)
                                              : jobs::fix_forward(std::move(view), fleet, now));
        }
        return jobs::ok();
      }
      case jobs::TickJob::poll: {
        listener({.level = TickLine::Level::progress,
                  .event = "poll",
                  .repo = {},
                  .issue = 0,
                  .run = {},
                  .text = fmt::format("reading {} repositories", fleet.repos.size())});
        RUNNER_ASSIGN(const jobs::PollFacts facts, observer.poll_facts(now));
        jobs::Plan plan = jobs::poll(facts, fleet, now);
        report.decisions = std::move(plan.change.decisions);
        report.row.candidates = static_cast<int>(report.decisions.size());
        collect(std::move(plan));
        return jobs::ok();
      }
      case jobs::TickJob::janitor: {
        const auto facts = observer.janitor_facts();
        if (facts) {
          collect(jobs::janitor(*facts, fleet, now).plan);
        } else if (facts.error().kind == jobs::ErrorKind::corrupt) {
          return facts.error();
        } else {
          report.problems.push_back(facts.error().text());
        }
        return jobs::ok();
      }
    }
    return jobs::ok();
  };
  for (const jobs::TickJob job : report.row.jobs) {
    if (jobs::Status done = decide(job); !done) {
      end_with(report, done.error());
      return report;
    }
  }
  std::ranges::sort(report.problems);
  report.problems.erase(std::ranges::unique(report.problems).begin(), report.problems.end());
  report.exit_code = report.problems.empty() ? 0 : 1;
  return report;
}

}  // namespace runner

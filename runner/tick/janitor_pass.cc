#include "runner/tick/janitor_pass.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"

namespace runner {

namespace {

/// For what may take long and can be gone on with by the next tick.
constexpr jobs::Duration kPatienceWithTrash = std::chrono::seconds(10);

class Janitor {
 public:
  explicit Janitor(TickContext& context) : context_(context) {}

  void note(const jobs::Status& done, const std::string& what) {
    if (!done) {
      problem(what + ": " + done.error().text());
    }
  }

  void problem(std::string text) {
    ++context_.report.row.failures;
    context_.listener({.level = TickLine::Level::warning,
                       .event = "problem",
                       .repo = {},
                       .issue = 0,
                       .run = {},
                       .text = text});
    context_.report.problems.push_back(std::move(text));
  }

  void info(const std::string& event, std::string text) {
    context_.listener({.level = TickLine::Level::info,
                       .event = event,
                       .repo = {},
                       .issue = 0,
                       .run = {},
                       .text = std::move(text)});
  }

  void reap(const std::vector<std::string>& directories) {
    for (const std::string& directory : directories) {
      const auto killed = context_.writers.executor->reap(directory);
      if (!killed) {
        problem("reaping " + directory + ": " + killed.error().text());
      } else if (*killed > 0) {
        info("reaped", fmt::format("{} processes left by {}", *killed, directory));
      }
    }
  }

  /// CI keeps the newest commits of each repository that runs still speak of.
  void prune_ci(const std::vector<jobs::Run>& runs, jobs::TimePoint as_of) {
    for (const jobs::Repo& repo : context_.fleet.repos) {
      const auto ci = context_.writers.ci.find(repo.ci);
      if (ci == context_.writers.ci.end()) {
        continue;
      }
      std::vector<jobs::Oid> keep;
      for (const jobs::Run& run : runs) {
        if (run.issue.repo == repo.name) {
          keep.push_back(run.landed);
          keep.push_back(run.step == jobs::RunStep::proposed ? run.head : jobs::Oid());
          keep.push_back(run.verified_base);
        }
      }
      note(ci->second->prune(repo, keep, as_of), "pruning CI of " + repo.name.str());
    }
  }

 private:
  TickContext& context_;
};

}  // namespace

namespace {

/// The present as far as retention believes it: at most a day after the tick before this one. A
/// clock that jumps ahead for the time of one tick must not destroy what is to be kept.
jobs::Result<jobs::TimePoint> careful_now(TickContext& context) {
  const jobs::TimePoint now = context.readers.clock->now();
  RUNNER_ASSIGN(const std::vector<jobs::TickRow> ticks, context.readers.store->ticks(10));
  std::optional<jobs::TimePoint> before;
  for (const jobs::TickRow& tick : ticks) {
    if (tick.id != context.tick) {
      before = std::max(before.value_or(tick.started_at), tick.started_at);
    }
  }
  return before ? std::min(now, *before + std::chrono::hours(24)) : now;
}

}  // namespace

jobs::Status janitor_pass(TickContext& context, Observer& observer, Applier& applier) {
  Janitor janitor(context);
  RUNNER_ASSIGN(const jobs::TimePoint now, careful_now(context));
  auto facts = observer.janitor_facts();
  if (!facts) {
    if (facts.error().kind == jobs::ErrorKind::corrupt) {
      return facts.error();
    }
    janitor.problem(facts.error().text());
    return jobs::ok();
  }
  RUNNER_POINT(janitor_observed);
  jobs::JanitorPlan plan = jobs::janitor(*facts, context.fleet, now);
  for (const std::string& note : plan.notes) {
    janitor.info("note", note);
  }
  if (!plan.plan.change.empty()) {
    for (jobs::Run& run : plan.plan.change.runs) {
      // The facts leave out what issues say; a row that is written has it.
      RUNNER_ASSIGN(jobs::Run whole, context.readers.store->run(run.id.str()));
      run.title = std::move(whole.title);
      run.body = std::move(whole.body);
      run.text_digest = std::move(whole.text_digest);
    }
    RUNNER_TRY(context.writers.store->commit(context.lease, context.tick, plan.plan.change));
    for (jobs::PlannedStep& step : plan.plan.steps) {
      context.report.steps.push_back(std::move(step));
    }
  }
  RUNNER_TRY(applier.apply(std::nullopt));
  // What follows needs no record, so that no epoch guards it: it is done only while the lease is
  // surely ours, for what was observed may be old by now.
  RUNNER_ASSIGN(context.lease,
                context.writers.store->renew_lease(context.lease, context.readers.clock->now(),
                                                   context.fleet.limits.lease_ttl));
  janitor.reap(plan.reap_turns);
  RUNNER_POINT(janitor_reaped);
  for (const jobs::WorktreeEntry& orphan : plan.orphan_worktrees) {
    janitor.info("orphan", "worktree " + orphan.path +
                               " belongs to no run; its work is kept, then it is removed");
    janitor.note(context.writers.workspace->remove_orphan(orphan), "removing " + orphan.path);
  }
  RUNNER_POINT(janitor_orphans);
  for (const std::string& directory : plan.remove_turns) {
    janitor.note(context.writers.executor->remove(directory), "removing " + directory);
  }
  RUNNER_POINT(janitor_turns);
  janitor.prune_ci(facts->runs, now);
  jobs::PruneSpec prune;
  prune.ended_runs_before = now - context.fleet.retention.finished_runs;
  // This tick's own row is never old, whatever the clock did since it began.
  prune.decisions_before =
      std::min(now - context.fleet.retention.decisions, context.report.row.started_at);
  RUNNER_POINT(janitor_before_prune);
  RUNNER_TRY(context.writers.store->prune(context.lease, prune));
  RUNNER_POINT(janitor_after_prune);
  janitor.note(context.writers.workspace->empty_trash(kPatienceWithTrash),
               "deleting the files of removed worktrees");
  return jobs::ok();
}

}  // namespace runner

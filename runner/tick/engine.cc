#include "runner/tick/engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/pipelines/run_change.h"
#include "jobs/ticks/plan.h"
#include "runner/tick/apply.h"
#include "runner/tick/janitor_pass.h"
#include "runner/tick/lease_keeper.h"
#include "runner/tick/observe.h"
#include "runner/tick/requests.h"
#include "runner/tick/tick_start.h"

namespace runner {

namespace {

/// A run that makes progress is looked at again in the same tick, so that what can happen now
/// happens now; bounded, so that a mistake in a table cannot spin.
constexpr int kPassesPerRun = 8;

void say(const Listener& listener, TickLine::Level level, std::string event, std::string text,
         const jobs::IssueKey& issue = {}, const std::string& run = {}) {
  listener({.level = level,
            .event = std::move(event),
            .repo = issue.repo.str(),
            .issue = issue.number,
            .run = run,
            .text = std::move(text)});
}

class Tick {
 public:
  Tick(TickContext& context, Observer& observer)
      : context_(context), observer_(observer), applier_(context) {}

  jobs::Status run(jobs::TickJob job) {
    RUNNER_TRY(renew());
    RUNNER_POINT(tick_before_job);
    switch (job) {
      case jobs::TickJob::watch:
        RUNNER_TRY(carry_out_requests(context_));
        // What an earlier tick recorded and did not finish comes first.
        RUNNER_TRY(applier_.apply(std::nullopt));
        return step_runs(jobs::watch);
      case jobs::TickJob::fix_forward: return step_runs(jobs::fix_forward);
      case jobs::TickJob::poll: return poll();
      case jobs::TickJob::janitor: return janitor_pass(context_, observer_, applier_);
    }
    return jobs::ok();
  }

 private:
  /// Between two steps: the lease is renewed, and an interruption is heard.
  jobs::Status renew() {
    RUNNER_TRY(check_interrupt(context_));
    RUNNER_ASSIGN(context_.lease,
                  context_.writers.store->renew_lease(context_.lease, context_.readers.clock->now(),
                                                      context_.fleet.limits.lease_ttl));
    return jobs::ok();
  }

  void take_over(jobs::Plan& plan) {
    TickReport& report = context_.report;
    for (std::string& problem : plan.problems) {
      if (std::ranges::find(report.problems, problem) == report.problems.end()) {
        ++report.row.failures;
        say(context_.listener, TickLine::Level::warning, "problem", problem);
        report.problems.push_back(std::move(problem));
      }
    }
  }

  template <typename Decide>
  jobs::Status step_runs(const Decide& decide) {
    RUNNER_ASSIGN(
        const std::vector<jobs::Run> runs,
        context_.readers.store->runs({.live_only = true, .repo = {}, .issue = {}, .outcome = {}}));
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
      RUNNER_TRY(step_run(run->id, decide));
    }
    return jobs::ok();
  }

  template <typename Decide>
  jobs::Status step_run(const jobs::RunId& id, const Decide& decide) {
    for (int pass = 0; pass < kPassesPerRun; ++pass) {
      RUNNER_TRY(renew());
      RUNNER_ASSIGN(const jobs::Run run, context_.readers.store->run(id.str()));
      if (!run.live()) {
        return jobs::ok();
      }
      const jobs::TimePoint now = context_.readers.clock->now();
      RUNNER_ASSIGN(jobs::RunView view, observer_.run_view(run, now));
      jobs::Plan plan = decide(std::move(view), context_.fleet, now);
      take_over(plan);
      const bool waits = plan.change.empty();
      if (pass == 0 || !waits) {
        report_steps(plan, waits);
      }
      if (waits) {
        return jobs::ok();
      }
      RUNNER_POINT(run_decided);
      if (jobs::Status recorded =
              context_.writers.store->commit(context_.lease, context_.tick, plan.change);
          !recorded) {
        return refused(run, recorded.error());
      }
      RUNNER_POINT(run_recorded);
      RUNNER_TRY(applier_.apply(id));
    }
    return jobs::ok();
  }

  /// A step that the store refuses though the lease is still ours is this run's trouble, not that
  /// of the others.
  jobs::Status refused(const jobs::Run& run, const jobs::Error& error) {
    if (error.kind != jobs::ErrorKind::conflict || !renew()) {
      return error;
    }
    jobs::Plan trouble;
    trouble.problems.push_back(
        fmt::format("{} ({}): {}", run.issue.str(), run.id.str(), error.text()));
    take_over(trouble);
    return jobs::ok();
  }

  void report_steps(jobs::Plan& plan, bool waits) {
    for (const jobs::Event& event : plan.change.events) {
      const auto run = std::ranges::find(plan.change.runs, event.run, &jobs::Run::id);
      say(context_.listener, TickLine::Level::info, event.kind, event.detail,
          run == plan.change.runs.end() ? jobs::IssueKey{} : run->issue, event.run.str());
    }
    for (jobs::PlannedStep& step : plan.steps) {
      if (waits) {
        say(context_.listener, TickLine::Level::progress, "wait", step.detail, step.issue,
            step.run.str());
      }
      context_.report.steps.push_back(std::move(step));
    }
  }

  jobs::Status poll() {
    const jobs::TimePoint now = context_.readers.clock->now();
    say(context_.listener, TickLine::Level::progress, "poll",
        fmt::format("reading {} repositories", context_.fleet.repos.size()));
    RUNNER_ASSIGN(const jobs::PollFacts facts, observer_.poll_facts(now));
    RUNNER_POINT(poll_observed);
    jobs::Plan plan = jobs::poll(facts, context_.fleet, now);
    if (jobs::Status complete = observer_.complete_texts(facts, plan.change); !complete) {
      // Nothing is started on a text that nobody decided about; the next tick looks again.
      jobs::Plan trouble;
      trouble.problems = std::move(plan.problems);
      trouble.problems.push_back(complete.error().text());
      take_over(trouble);
      return jobs::ok();
    }
    take_over(plan);
    TickReport& report = context_.report;
    report.row.candidates = static_cast<int>(plan.change.decisions.size());
    report.row.started += static_cast<int>(plan.steps.size());
    if (!plan.change.empty()) {
      RUNNER_POINT(poll_decided);
      RUNNER_TRY(context_.writers.store->commit(context_.lease, context_.tick, plan.change));
      RUNNER_POINT(poll_recorded);
    }
    report.decisions = std::move(plan.change.decisions);
    for (const jobs::Decision& decision : report.decisions) {
      // That a repository is busy with its live run is no news: the run's own lines say what
      // happens.
      const bool news = decision.reason != jobs::Reason::repo_busy;
      say(context_.listener, news ? TickLine::Level::info : TickLine::Level::progress, "decision",
          fmt::format("{}: {}", to_string(decision.reason), decision.detail), decision.issue);
    }
    for (jobs::PlannedStep& step : plan.steps) {
      RUNNER_TRY(applier_.apply(step.run));
      report.steps.push_back(std::move(step));
    }
    return jobs::ok();
  }

  TickContext& context_;
  Observer& observer_;
  Applier applier_;
};

jobs::Status run_jobs(TickContext& context, Observer& observer) {
  RUNNER_POINT(tick_before_begin);
  RUNNER_TRY(context.writers.store->begin_tick(context.lease, context.report.row));
  RUNNER_POINT(tick_after_begin);
  Tick tick(context, observer);
  for (const jobs::TickJob job : context.report.row.jobs) {
    RUNNER_TRY(tick.run(job).while_doing("job " + std::string(to_string(job))));
  }
  return jobs::ok();
}

}  // namespace

TickReport run_tick(const jobs::ReaderPorts& readers, const jobs::WriterPorts& writers,
                    const jobs::Fleet& fleet, const TickOptions& options,
                    const Listener& listener) {
  TickReport report;
  const auto paused = is_paused(readers, report);
  if (!paused) {
    end_with(report, paused.error());
    return report;
  }
  if (*paused) {
    return report;
  }
  report.row = new_row(readers, options);
  auto lease =
      writers.store->acquire_lease(options.owner, report.row.started_at, fleet.limits.lease_ttl);
  if (!lease) {
    if (lease.error().kind == jobs::ErrorKind::conflict) {
      report.held_by = lease.error().message;
    } else {
      end_with(report, lease.error());
    }
    return report;
  }
  const Listener tagged = [&](TickLine line) {
    line.tick = report.row.id.str();
    listener(line);
  };
  TickContext context{.fleet = fleet,
                      .readers = readers,
                      .writers = writers,
                      .lease = *lease,
                      .tick = report.row.id,
                      .report = report,
                      .listener = tagged,
                      .interrupted = options.interrupted};
  std::optional<LeaseKeeper> keeper;
  if (options.keep_lease) {
    keeper.emplace(*writers.store, *lease, *readers.clock, fleet.limits.lease_ttl);
  }
  Observer observer(readers, fleet, options.observers);
  if (jobs::Status done = run_jobs(context, observer); !done) {
    end_with(report, done.error());
  } else {
    report.exit_code = report.row.failures > 0 ? 1 : 0;
  }
  keeper.reset();
  report.row.ended_at = readers.clock->now();
  report.row.exit_code = report.exit_code;
  RUNNER_POINT_ONLY(tick_before_end);
  // After a fatal error these may fail as well (a full disk, a lost lease): the first error is the
  // one that counts.
  if (jobs::Status ended = writers.store->end_tick(context.lease, report.row);
      !ended && !report.fatal) {
    end_with(report, ended.error());
  }
  RUNNER_POINT_ONLY(tick_after_end);
  if (jobs::Status released = writers.store->release_lease(context.lease);
      !released && !report.fatal) {
    end_with(report, released.error());
  }
  return report;
}

}  // namespace runner

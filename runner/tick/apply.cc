#include "runner/tick/apply.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/pipelines/next_action.h"
#include "jobs/pipelines/run_change.h"
#include "jobs/pipelines/transition.h"
#include "jobs/policy/retry.h"

namespace runner {

namespace {

/// What people see of an effect that was carried out; empty where an event of the run tells it
/// better.
std::string describe(const jobs::Effect& effect) {
  switch (effect.kind) {
    case jobs::EffectKind::set_labels:
      return fmt::format(
          "labels{}{}",
          effect.add_labels.empty() ? "" : fmt::format(" +{}", fmt::join(effect.add_labels, " +")),
          effect.remove_labels.empty()
              ? ""
              : fmt::format(" -{}", fmt::join(effect.remove_labels, " -")));
    case jobs::EffectKind::upsert_comment: return "checklist comment written";
    case jobs::EffectKind::close_issue: return "issue closed: " + effect.text;
    case jobs::EffectKind::prepare_worktree: return {};  // the event "worktree" tells it
    case jobs::EffectKind::start_turn: return fmt::format("turn {} started", effect.turn);
    case jobs::EffectKind::stop_turn: return fmt::format("turn {} asked to stop", effect.turn);
    case jobs::EffectKind::land: return {};       // "landed", "merged-base", "conflict", "rejected"
    case jobs::EffectKind::open_pull: return {};  // the event "pull-request" tells it
    case jobs::EffectKind::merge_pull: return "pull request #" + effect.target + " merged";
    case jobs::EffectKind::start_ci: return "CI of the landed commit started";
    case jobs::EffectKind::rescue: return {};
    case jobs::EffectKind::release_worktree: return {};
    case jobs::EffectKind::notify:
      return fmt::format("{} notified: {}", effect.target, effect.text);
  }
  return {};
}

/// What people see before an effect that may take long.
std::string_view beginning(jobs::EffectKind kind) {
  switch (kind) {
    case jobs::EffectKind::prepare_worktree: return "fetching and preparing the worktree";
    case jobs::EffectKind::land: return "merging and pushing";
    case jobs::EffectKind::start_ci: return "starting CI of the landed commit";
    case jobs::EffectKind::release_worktree: return "releasing the worktree";
    case jobs::EffectKind::open_pull: return "opening a pull request";
    case jobs::EffectKind::merge_pull: return "merging the pull request";
    case jobs::EffectKind::set_labels:
    case jobs::EffectKind::upsert_comment:
    case jobs::EffectKind::close_issue:
    case jobs::EffectKind::start_turn:
    case jobs::EffectKind::stop_turn:
    case jobs::EffectKind::rescue:
    case jobs::EffectKind::notify: return {};
  }
  return {};
}

#define RUNNER_POINT_OF(kind, side) \
  case jobs::EffectKind::kind: RUNNER_POINT(kind##_##side); break
#define RUNNER_POINTS_OF_EFFECTS(side)     \
  RUNNER_POINT_OF(set_labels, side);       \
  RUNNER_POINT_OF(upsert_comment, side);   \
  RUNNER_POINT_OF(close_issue, side);      \
  RUNNER_POINT_OF(prepare_worktree, side); \
  RUNNER_POINT_OF(start_turn, side);       \
  RUNNER_POINT_OF(stop_turn, side);        \
  RUNNER_POINT_OF(land, side);             \
  RUNNER_POINT_OF(open_pull, side);        \
  RUNNER_POINT_OF(merge_pull, side);       \
  RUNNER_POINT_OF(start_ci, side);         \
  RUNNER_POINT_OF(rescue, side);           \
  RUNNER_POINT_OF(release_worktree, side); \
  RUNNER_POINT_OF(notify, side)

/// The crash points on the two sides of each kind of effect: an error here is the effect's own.
jobs::Status point_before(jobs::EffectKind kind) {
  switch (kind) { RUNNER_POINTS_OF_EFFECTS(before); }
  return jobs::ok();
}

jobs::Status point_after(jobs::EffectKind kind) {
  switch (kind) { RUNNER_POINTS_OF_EFFECTS(after); }
  return jobs::ok();
}

/// Somebody tried to make it before, and how that went may be unknown.
bool was_tried(const jobs::OutboxRow& row) {
  return row.attempts > 0 || row.state == jobs::EffectState::claimed;
}

}  // namespace

void Applier::say(TickLine::Level level, const std::string& event, const jobs::Effect& effect,
                  const std::string& text) const {
  context_.listener({.level = level,
                     .event = event,
                     .repo = effect.issue.repo.str(),
                     .issue = effect.issue.number,
                     .run = effect.run.str(),
                     .text = text});
}

jobs::Status check_interrupt(const TickContext& context) {
  if (context.interrupted && context.interrupted()) {
    return jobs::fail(jobs::ErrorKind::interrupted, "the tick was asked to stop",
                      "run another tick: it goes on where this one stopped");
  }
  return jobs::ok();
}

jobs::Status Applier::apply(const std::optional<jobs::RunId>& only) {
  RUNNER_ASSIGN(const std::vector<jobs::OutboxRow> rows, context_.readers.store->outbox(only));
  std::set<jobs::RunId> held_up;
  for (const jobs::OutboxRow& row : rows) {
    const bool open =
        row.state == jobs::EffectState::pending || row.state == jobs::EffectState::claimed;
    if (!open || held_up.contains(row.effect.run)) {
      continue;
    }
    if (jobs::still_waits(row.next_attempt, context_.readers.clock->now())) {
      // What nobody wants any more does not hold up what ends the run.
      RUNNER_ASSIGN(const jobs::Run run, context_.readers.store->run(row.effect.run.str()));
      if (jobs::still_wanted(row.effect, run)) {
        held_up.insert(row.effect.run);
        continue;
      }
    }
    RUNNER_TRY(check_interrupt(context_));
    RUNNER_ASSIGN(const bool go_on, apply_row(row));
    if (!go_on) {
      held_up.insert(row.effect.run);
    }
  }
  return jobs::ok();
}

jobs::Result<bool> Applier::apply_row(const jobs::OutboxRow& row) {
  RUNNER_ASSIGN(const jobs::Run run, context_.readers.store->run(row.effect.run.str()));
  RUNNER_POINT(effect_before_claim);
  const bool wanted = jobs::still_wanted(row.effect, run);
  if (!RUNNER_PLANTED(made_before_claim) || !wanted) {
    RUNNER_TRY(context_.writers.store->claim_effect(context_.lease, row.id));
  }
  RUNNER_POINT(effect_after_claim);
  if (!wanted) {
    jobs::Store::EffectEnd end;
    end.id = row.id;
    end.state = jobs::EffectState::given_up;
    end.error = "no longer wanted: the run went on without it";
    const jobs::TimePoint now = context_.readers.clock->now();
    jobs::Change change;
    if (row.effect.kind == jobs::EffectKind::land && was_tried(row)) {
      // Not wanted, and perhaps there all the same: whoever ended the run is told.
      change = jobs::after_given_up(run, row.effect, /*tried=*/true,
                                    jobs::fail(jobs::ErrorKind::conflict, end.error),
                                    context_.fleet, now);
    }
    RUNNER_TRY(
        context_.writers.store->finish_effect(context_.lease, context_.tick, end, change, now));
    return true;
  }
  if (const std::string_view text = beginning(row.effect.kind); !text.empty()) {
    say(TickLine::Level::progress, "working", row.effect, std::string(text));
  }
  if (RUNNER_PLANTED(done_before_effect)) {
    RUNNER_TRY(finish(row, run, jobs::Change{}));
  }
  jobs::Result<jobs::Change> outcome = between_points(row.effect, run);
  if (RUNNER_PLANTED(done_before_effect)) {
    RUNNER_TRY(context_.writers.store->commit(context_.lease, context_.tick,
                                              outcome ? *outcome : jobs::Change{}));
    return true;
  }
  if (RUNNER_PLANTED(made_before_claim)) {
    RUNNER_TRY(context_.writers.store->claim_effect(context_.lease, row.id));
  }
  const bool later = !outcome && jobs::is_retryable(outcome.error().kind) &&
                     row.attempts + 1 < jobs::kEffectAttempts;
  RUNNER_POINT(effect_before_finish);
  RUNNER_TRY(finish(row, run, std::move(outcome)));
  RUNNER_POINT(effect_after_finish);
  return !later;
}

jobs::Status Applier::finish(const jobs::OutboxRow& row, const jobs::Run& run,
                             jobs::Result<jobs::Change> outcome) {
  const jobs::TimePoint now = context_.readers.clock->now();
  jobs::Store::EffectEnd end;
  end.id = row.id;
  jobs::Change change;
  if (outcome) {
    change = std::move(*outcome);
    ++context_.report.row.effects;
    if (const std::string text = describe(row.effect); !text.empty()) {
      say(TickLine::Level::info, std::string(to_string(row.effect.kind)), row.effect, text);
    }
    for (const jobs::Event& event : change.events) {
      say(TickLine::Level::info, event.kind, row.effect, event.detail);
    }
  } else {
    const jobs::Error& error = outcome.error();
    end.error = jobs::one_line(error.text(), 1000);
    ++context_.report.row.failures;
    const bool hope =
        row.attempts + 1 < jobs::kEffectAttempts || RUNNER_PLANTED(effect_retried_for_ever);
    if (jobs::is_retryable(error.kind) && hope) {
      end.state = jobs::EffectState::pending;
      end.next_attempt =
          std::min(error.until.value_or(
                       now + jobs::backoff(context_.fleet.limits.retry_delay, row.attempts + 1)),
                   now + jobs::kLongestWait);
      jobs::Run failed = run;
      failed.last_error = end.error;
      failed.updated_at = now;
      change.runs.push_back(std::move(failed));
      say(TickLine::Level::warning, "retry", row.effect,
          fmt::format("{} will be tried again: {}", to_string(row.effect.kind), end.error));
    } else {
      end.state = jobs::EffectState::given_up;
      change = jobs::after_given_up(run, row.effect, was_tried(row), error, context_.fleet, now);
      say(TickLine::Level::error, "given-up", row.effect,
          fmt::format("{} given up: {}", to_string(row.effect.kind), end.error));
    }
    context_.report.problems.push_back(
        fmt::format("{} ({}): {}", row.effect.issue.str(), row.effect.run.str(), end.error));
  }
  context_.report.effects.push_back({.effect = row.effect, .state = end.state, .error = end.error});
  return context_.writers.store->finish_effect(context_.lease, context_.tick, end, change, now);
}

jobs::Result<jobs::Change> Applier::between_points(const jobs::Effect& effect,
                                                   const jobs::Run& run) {
  RUNNER_TRY(point_before(effect.kind));
  RUNNER_ASSIGN(jobs::Change change, carry_out(effect, run));
  RUNNER_TRY(point_after(effect.kind));
  return change;
}

jobs::Result<jobs::Change> Applier::carry_out(const jobs::Effect& effect, const jobs::Run& run) {
  const jobs::Repo* repo = context_.fleet.repo(effect.issue.repo);
  if (repo == nullptr && effect.kind != jobs::EffectKind::notify &&
      effect.kind != jobs::EffectKind::stop_turn) {
    return jobs::fail(jobs::ErrorKind::not_found,
                      effect.issue.repo.str() + " is not in the manifests any more",
                      "declare the repository again to let the run end well");
  }
  switch (effect.kind) {
    case jobs::EffectKind::set_labels:
    case jobs::EffectKind::upsert_comment:
    case jobs::EffectKind::close_issue: return on_tracker(effect, run, *repo);
    case jobs::EffectKind::prepare_worktree:
    case jobs::EffectKind::land:
    case jobs::EffectKind::rescue:
    case jobs::EffectKind::release_worktree: return on_git(effect, run, *repo);
    case jobs::EffectKind::start_turn: return start_turn(effect, run, *repo);
    case jobs::EffectKind::stop_turn: return stop_turn(effect, run);
    case jobs::EffectKind::open_pull:
    case jobs::EffectKind::merge_pull: return on_pull(effect, run, *repo);
    case jobs::EffectKind::start_ci: return start_ci(run, *repo);
    case jobs::EffectKind::notify: return notify(effect, run);
  }
  return jobs::fail(jobs::ErrorKind::bug, "unknown effect");
}

}  // namespace runner

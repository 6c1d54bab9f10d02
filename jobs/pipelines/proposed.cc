// What happens to a run whose pull request is open.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/pipelines/action_parts.h"
#include "jobs/policy/retry.h"

namespace jobs::detail {

namespace {

constexpr Duration kLag = std::chrono::minutes(5);

std::string called(const PullFacts& pull) {
  return fmt::format("pull request #{}", pull.number);
}

/// The bounds are those of a red verification: nothing has landed yet.
Action red(const RunView& view, const Pipeline& pipeline, const Limits& limits) {
  const std::vector<std::string> failing = view.ci->failing();
  const std::string why =
      fmt::format("CI of {} is red: {}", called(*view.pull), fmt::join(failing, ", "));
  if (view.run.verify_attempts >= limits.verify_attempts) {
    return give_to_human(
        view, fmt::format("{}; {} corrective turns did not help", why, view.run.verify_attempts));
  }
  if (attempted(view, view.run.head, failing)) {
    return give_to_human(view, why + "; this head was tried already");
  }
  if (!view.reached_cap.empty()) {
    return stopped_by_cap(view, why);
  }
  return back_to_agent(view, pipeline, Charge::verify, why,
                       failing_logs(*view.ci,
                                    "The commits were proposed as a pull request, and its CI is "
                                    "red.\n"),
                       failing);
}

/// Green, or without a CI to be green.
Action ready(const RunView& view) {
  const PullFacts& pull = *view.pull;
  if (!view.merges) {
    return wait(called(pull) + " is ready and waits for a person to merge it");
  }
  if (!view.base_now) {
    return wait("the base branch could not be read");
  }
  if (*view.base_now != view.run.verified_base) {
    // What the forge would merge now was verified by nobody.
    return make(ActionKind::land, fmt::format("the base moved to {} beside {}",
                                              view.base_now->str().substr(0, 12), called(pull)));
  }
  Action action = make(ActionKind::merge, called(pull) + " is green");
  action.pull = pull.number;
  return action;
}

Action open(const RunView& view, const Pipeline& pipeline, const Limits& limits, TimePoint now) {
  const PullFacts& pull = *view.pull;
  if (pull.head != view.run.head) {
    // Nothing of ours is taken back, and nothing of theirs is judged.
    return wait(
        fmt::format("somebody pushed to {}: it is theirs to merge or to close", called(pull)));
  }
  const bool moved = view.base_now && *view.base_now != view.run.verified_base;
  if (pull.conflicts && moved) {
    return make(ActionKind::land, called(pull) + " does not merge cleanly any more");
  }
  if (!view.has_ci) {
    return ready(view);
  }
  const Verdict verdict = view.ci ? view.ci->verdict : Verdict::absent;
  switch (verdict) {
    case Verdict::fail: return red(view, pipeline, limits);
    case Verdict::pass: return ready(view);
    case Verdict::stopped:
      return wait(fmt::format("CI of {} ended without a verdict: {}", called(pull),
                              view.ci->named(Verdict::stopped)));
    case Verdict::pending: return wait("CI of " + called(pull) + " is running");
    case Verdict::absent: break;
  }
  if (view.ci && !still_waits(view.run.not_before, view.run.updated_at, now)) {
    return make(ActionKind::start_ci, "CI of " + called(pull) + " has not reported yet");
  }
  return wait("CI of " + called(pull) + " has not reported yet");
}

}  // namespace

bool closed_by_merge(const RunView& view) {
  const bool asked =
      view.by_pull && (view.run.step == RunStep::proposed || view.run.step == RunStep::landing);
  return asked && (view.pull ? view.pull->state == PullFacts::State::merged : !view.pull_read);
}

Action proposed(const RunView& view, const Pipeline& pipeline, const Limits& limits,
                TimePoint now) {
  if (view.effects_pending) {
    return wait("the pull request is being written");
  }
  if (!view.pull) {
    if (!view.pull_read) {
      return wait("the pull request could not be read");
    }
    // Forges answer some questions from copies that are behind.
    const bool fresh = now - view.run.updated_at < kLag && !lies_ahead(view.run.updated_at, now);
    return fresh ? wait("the pull request is not to be seen yet")
                 : make(ActionKind::land, "the pull request is gone");
  }
  switch (view.pull->state) {
    case PullFacts::State::merged: {
      Action action = make(ActionKind::land, called(*view.pull) + " was merged");
      action.merged = view.pull->merged;
      return action;
    }
    case PullFacts::State::closed:
      return make(ActionKind::escalate, called(*view.pull) + " was closed without being merged");
    case PullFacts::State::open: return open(view, pipeline, limits, now);
  }
  return wait("the pull request is open");
}

}  // namespace jobs::detail

// What becomes of an effect that is not made any more.
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/pipelines/run_change.h"
#include "jobs/pipelines/transition.h"

namespace jobs {

namespace {

bool is_over(const Run& run) {
  return run.step == RunStep::ending || run.step == RunStep::ended;
}

/// A run cannot go on without these; one that is over has no use for them.
bool carries_run_on(EffectKind kind) {
  switch (kind) {
    case EffectKind::prepare_worktree:
    case EffectKind::start_turn:
    case EffectKind::land:
    case EffectKind::open_pull:
    case EffectKind::merge_pull:
    case EffectKind::start_ci: return true;
    case EffectKind::set_labels:
    case EffectKind::upsert_comment:
    case EffectKind::close_issue:
    case EffectKind::stop_turn:
    case EffectKind::rescue:
    case EffectKind::release_worktree:
    case EffectKind::notify: return false;
  }
  return false;
}

}  // namespace

Change after_given_up(const Run& run, const Effect& effect, bool tried, const Error& error,
                      const Fleet& fleet, TimePoint now) {
  RunChange change(run, fleet, now);
  const std::string_view hint =
      tried && effect.kind == EffectKind::land
          ? " (an earlier try may have landed it: look at the base branch)"
          : "";
  const std::string why = one_line(error.text(), 400);
  change.run().last_error = one_line(error.text(), 500);
  change.event("given-up", fmt::format("{}: {}{}", to_string(effect.kind), why, hint));
  if (is_over(run)) {
    change.run().reason += hint;
  } else if (carries_run_on(effect.kind)) {
    // The fault is not the issue's, so it is not charged.
    change.end(run.landings > 0 ? Outcome::frozen : Outcome::needs_human,
               fmt::format("{} failed{}: {}", to_string(effect.kind), hint, why),
               /*charged=*/false);
  }
  return std::move(change).take();
}

bool still_wanted(const Effect& effect, const Run& run) {
  if (effect.kind == EffectKind::start_turn) {
    // A turn that was given up in the meantime (the run waits to try again) must not start behind
    // everybody's back.
    return effect.turn == run.turns &&
           (run.step == RunStep::preparing || run.step == RunStep::turning);
  }
  return !carries_run_on(effect.kind) || !is_over(run);
}

}  // namespace jobs

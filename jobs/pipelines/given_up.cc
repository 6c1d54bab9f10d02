// What becomes of an effect that is not made any more.
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/pipelines/run_change.h"
#include "jobs/pipelines/transition.h"

namespace jobs {

Change after_given_up(const Run& run, const Effect& effect, bool tried, const Error& error,
                      const Fleet& fleet, TimePoint now) {
  RunChange change(run, fleet, now);
  const std::string_view hint =
      tried && effect.kind == EffectKind::land
          ? " (an earlier try may have landed it: look at the base branch)"
          : "";
  if (run.step == RunStep::ending || run.step == RunStep::ended) {
    // It was ended by a person, or its issue is gone: nobody wants the effect any more.
    change.run().reason += hint;
    change.event("given-up", fmt::format("{}: {}{}", to_string(effect.kind),
                                         one_line(error.text(), 400), hint));
    return std::move(change).take();
  }
  change.run().last_error = one_line(error.text(), 500);
  change.event("given-up",
               fmt::format("{}: {}", to_string(effect.kind), one_line(error.text(), 400)));
  switch (effect.kind) {
    case EffectKind::prepare_worktree:
    case EffectKind::start_turn:
    case EffectKind::land:
    case EffectKind::start_ci:
      // The run cannot go on without these. The fault is not the issue's, so it is not charged.
      change.end(
          run.landings > 0 ? Outcome::frozen : Outcome::needs_human,
          fmt::format("{} failed{}: {}", to_string(effect.kind), hint, one_line(error.text(), 400)),
          /*charged=*/false);
      break;
    case EffectKind::set_labels:
    case EffectKind::upsert_comment:
    case EffectKind::close_issue:
    case EffectKind::stop_turn:
    case EffectKind::rescue:
    case EffectKind::release_worktree:
    case EffectKind::notify: break;
  }
  return std::move(change).take();
}

bool still_wanted(const Effect& effect, const Run& run) {
  const bool over = run.step == RunStep::ending || run.step == RunStep::ended;
  switch (effect.kind) {
    case EffectKind::prepare_worktree:
    case EffectKind::land:
    case EffectKind::start_ci: return !over;
    case EffectKind::start_turn:
      // A turn that was given up in the meantime (the run waits to try again) must not start behind
      // everybody's back.
      return effect.turn == run.turns &&
             (run.step == RunStep::preparing || run.step == RunStep::turning);
    case EffectKind::set_labels:
    case EffectKind::upsert_comment:
    case EffectKind::close_issue:
    case EffectKind::stop_turn:
    case EffectKind::rescue:
    case EffectKind::release_worktree:
    case EffectKind::notify: return true;
  }
  return true;
}

}  // namespace jobs

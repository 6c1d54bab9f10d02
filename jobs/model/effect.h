#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/error.h"
#include "jobs/base/ids.h"

namespace jobs {

/// One kind of write to the outside world.
enum class EffectKind : std::uint8_t {
  set_labels,        ///< tracker: add and remove labels
  upsert_comment,    ///< tracker: the one checklist comment, found again by marker, edited in place
  close_issue,       ///< tracker
  prepare_worktree,  ///< git: fetch, make or recycle the worktree, run setup
  start_turn,        ///< executor
  stop_turn,         ///< executor
  land,              ///< git: guard, merge, push
  open_pull,         ///< pulls: ask for the pushed branch to be merged
  merge_pull,        ///< pulls: merge what was asked for, at the head that was judged
  start_ci,          ///< ci: make sure CI of the landed commit runs (command kind)
  rescue,            ///< git: keep unpushed work under refs/runner/rescue/<run>
  release_worktree,  ///< git: recycle or remove the run's worktree (rescue first)
  notify,            ///< notify: call a person
};
[[nodiscard]] std::string_view to_string(EffectKind kind);
[[nodiscard]] std::optional<EffectKind> parse_effect_kind(std::string_view text);

/// A recorded intention. Carrying one out twice must be the same as once; `key` is what makes that
/// checkable. Only the fields that the kind names are set.
struct Effect {
  EffectKind kind = EffectKind::notify;
  std::string
      key;  ///< idempotency key, unique: "<run>/<seq>/<kind>" or for notify "<run>/<kind>/<target>"
  RunId run;
  IssueKey issue;
  std::vector<std::string> add_labels;     ///< set_labels
  std::vector<std::string> remove_labels;  ///< set_labels
  std::string text;    ///< upsert_comment: body; notify: one-line message; close_issue: reason
  std::string target;  ///< notify: name in Fleet::notify; upsert_comment: marker; land: the commit
                       ///< that somebody else made of our work on the base, "" = not yet
  int turn = 0;        ///< start_turn, stop_turn
  TimePoint at;  ///< when it was decided (used as commit time by land: the same input gives the
                 ///< same commit)
  friend bool operator==(const Effect&, const Effect&) = default;
};

enum class EffectState : std::uint8_t { pending, claimed, done, given_up };
[[nodiscard]] std::string_view to_string(EffectState state);
[[nodiscard]] std::optional<EffectState> parse_effect_state(std::string_view text);

/// An effect as the outbox holds it.
struct OutboxRow {
  std::int64_t id = 0;  ///< order of recording; effects of one run are carried out in this order
  Effect effect;
  EffectState state = EffectState::pending;
  int attempts = 0;
  std::optional<TimePoint> next_attempt;
  std::string last_error;
  Epoch claimed_epoch = 0;
  TimePoint recorded_at;
  std::optional<TimePoint> finished_at;
};

}  // namespace jobs

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/model/fleet.h"
#include "jobs/pipelines/run_view.h"

namespace jobs {

enum class ActionKind : std::uint8_t {
  wait,         ///< nothing to do now
  start_turn,   ///< a new turn of `stage`: the next try of the same thing
  advance,      ///< the gate of the current stage is open: go on with `stage` ("" = the pipeline is
                ///< through)
  roll_back,    ///< back to the agent's `stage` with a corrective turn
  watch_ci,     ///< back to watching CI: a fix-forward turn brought nothing new
  land,         ///< land again: its pull request was merged (`merged`), or fell behind
  merge,        ///< merge the pull request
  start_ci,     ///< CI has not reported: make sure again that it was started
  retry_later,  ///< not before `until`; not charged to the issue
  stop_turn,    ///< the turn outlived its own supervisor's limits
  close,        ///< end: landed
  escalate,     ///< end: needs-human
  freeze,       ///< end: frozen; nothing is reverted
  cancel,       ///< end: cancelled
  finish,       ///< all effects of the end are carried out: the run is over
};
[[nodiscard]] std::string_view to_string(ActionKind kind);

/// Whose account a corrective turn or a retry goes to.
enum class Charge : std::uint8_t { none, instance, verify, fix };

struct Action {
  ActionKind kind = ActionKind::wait;
  std::string stage;  ///< start_turn, advance, roll_back
  Charge charge = Charge::none;
  std::string reason;                ///< one line for people, always set
  std::string correction;            ///< roll_back: what the agent is told went wrong
  std::vector<std::string> failing;  ///< roll_back: the failing set that is being attempted
  std::optional<TimePoint> until;    ///< retry_later
  Oid merged;                        ///< land: the commit on the base, "" = not merged
  std::int64_t pull = 0;             ///< merge: the pull request's number
  bool charged = true;               ///< escalate, freeze: counts as an attempt of the issue
  std::string brake_agent;  ///< not empty: dispatch to this agent stops until a person releases it
                            ///< (escalate, freeze), or until `until` (retry_later)
};

/// What happens next to a run. Total and pure; the first matching row of DESIGN section 6 wins,
/// with two clarifications that docs/decisions/0002 explains: a reached bound freezes before
/// "already attempted" waits, and a closed issue does not cancel a run that has landed (forges
/// close issues by themselves when the landing commit says so).
[[nodiscard]] Action next_action(const RunView& view, const Pipeline& pipeline,
                                 const Limits& limits, const Labels& labels, TimePoint now);

/// True for the actions that the job fix-forward carries out; watch carries out all others.
[[nodiscard]] bool belongs_to_fix_forward(const RunView& view, const Action& action);

/// The pipeline's stage by name; the first stage if the name is not (any longer) in it.
[[nodiscard]] const Stage& stage_named(const Pipeline& pipeline, std::string_view name);
/// The stage behind `name`; none at the end.
[[nodiscard]] const Stage* stage_after(const Pipeline& pipeline, std::string_view name);
/// The agent stage that a red `name` goes back to: the nearest one before it, else the first agent
/// stage.
[[nodiscard]] const Stage& agent_stage_before(const Pipeline& pipeline, std::string_view name);

}  // namespace jobs

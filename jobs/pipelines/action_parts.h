#pragma once

#include <string>
#include <vector>

#include "jobs/pipelines/next_action.h"

/// The pieces that the interpreter's parts share. For jobs/pipelines only.
namespace jobs::detail {

[[nodiscard]] Action make(ActionKind kind, std::string reason);
[[nodiscard]] Action wait(std::string reason);

/// The end of a run that needs a person: before anything landed it is an escalation, afterwards a
/// freeze, because what is on the base branch is then part of the picture.
[[nodiscard]] Action give_to_human(const RunView& view, std::string reason, bool charged = true);

/// No turn of an agent is planned at or above a cap (invariant 5). The issue is not to blame.
[[nodiscard]] Action stopped_by_cap(const RunView& view, const std::string& reason);

/// True if this red was answered with a turn before.
[[nodiscard]] bool attempted(const RunView& view, const Oid& head,
                             const std::vector<std::string>& failing);

/// Both bounds of fix-forward, strict: attempts < max and elapsed < window. Empty while within.
[[nodiscard]] std::string fix_bound(const RunView& view, const Limits& limits, TimePoint now);

/// Back to the agent's stage with a corrective turn.
[[nodiscard]] Action back_to_agent(const RunView& view, const Pipeline& pipeline, Charge charge,
                                   std::string reason, std::string correction,
                                   std::vector<std::string> failing);

/// The account's or the provider's failure: the agent is parked for everybody, the run waits and
/// tries again by itself. Bounded by the caps on turns alone: the issue has no part in it.
[[nodiscard]] Action park(const RunView& view, const Limits& limits, TimePoint now,
                          const std::string& why);

/// The machine's failure, not the issue's: tried again after a while, and then a person's.
[[nodiscard]] Action retry_for_instance(const RunView& view, const Limits& limits, TimePoint now,
                                        const std::string& why);

/// What happens when the turn of the run has ended, and how is known.
[[nodiscard]] Action ended_turn(const RunView& view, const Pipeline& pipeline, const Limits& limits,
                                TimePoint now);

/// A next turn of an agent that is parked waits; everything else goes on.
[[nodiscard]] Action unless_parked(Action action, const RunView& view, const Pipeline& pipeline,
                                   TimePoint now);

/// What happens while a pull request is open.
[[nodiscard]] Action proposed(const RunView& view, const Pipeline& pipeline, const Limits& limits,
                              TimePoint now);

/// A forge closes the issue itself when it merges a request that says so. What cannot be read may
/// be that.
[[nodiscard]] bool closed_by_merge(const RunView& view);

/// "Check `unit` failed. Its last output: ...", for every failed check, after `opening`.
[[nodiscard]] std::string failing_logs(const CiReport& ci, std::string opening);

/// What happens while CI of the landed commit is watched.
[[nodiscard]] Action watching(const RunView& view, const Pipeline& pipeline, const Limits& limits,
                              TimePoint now);

}  // namespace jobs::detail

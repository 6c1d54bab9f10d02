#pragma once

#include <vector>

#include "jobs/model/decision.h"
#include "jobs/model/fleet.h"
#include "jobs/policy/poll_facts.h"

namespace jobs {

/// Every gate of one candidate that depends on this candidate alone, in order, each with its value:
/// all of Reason but capacity, slot_taken and selected, which depend on who else wants to start
/// (see dispatch.h). Pure: the same facts give the same gates.
[[nodiscard]] std::vector<GateValue> candidate_gates(const Issue& issue, const Repo& repo,
                                                     const RepoFacts& repo_facts,
                                                     const PollFacts& facts, const Fleet& fleet,
                                                     TimePoint now);

/// The first gate that did not pass; none if all did.
[[nodiscard]] const GateValue* first_failing(const std::vector<GateValue>& gates);

}  // namespace jobs

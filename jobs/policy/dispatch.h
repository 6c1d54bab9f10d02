#pragma once

#include <cstddef>
#include <vector>

#include "jobs/model/decision.h"
#include "jobs/model/fleet.h"
#include "jobs/policy/poll_facts.h"

namespace jobs {

/// True if `a` comes before `b` within one repository: lowest priority number first, none last;
/// then oldest ready label (none last); then number. Total, and independent of the order of the
/// input.
[[nodiscard]] bool comes_before(const Issue& a, const Issue& b);

/// One decision for every candidate, in the order in which they would start: repositories that
/// started longest ago first (never = first), inside a repository by comes_before. The best
/// eligible candidate of each repository gets its slot while the fleet has capacity and budget;
/// every other candidate has exactly one reason. Every decision shows every gate, and the first
/// that fails is its reason. Two stand in another order than in Reason: `slot_taken` and then
/// `capacity` come last, because they depend on who else starts.
[[nodiscard]] std::vector<Decision> dispatch(const PollFacts& facts, const Fleet& fleet,
                                             TimePoint now);

/// Which issues' details (Issue::details_left_out) must be known before dispatch can decide: all
/// that no gate stops yet, of each repository that may still get a slot, because details decide
/// which of its issues is the best. Empty = dispatch can decide. Where any are wanted, those of the
/// repositories behind are, too, until there are `look_ahead`, so that a few questions are enough
/// when the first candidates turn out not to be eligible.
[[nodiscard]] std::vector<IssueKey> wanted_details(const PollFacts& facts, const Fleet& fleet,
                                                   TimePoint now, std::size_t look_ahead);

}  // namespace jobs

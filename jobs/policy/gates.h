#pragma once

#include <vector>

#include "jobs/model/decision.h"
#include "jobs/model/fleet.h"
#include "jobs/policy/poll_facts.h"

namespace jobs {

/// The gates of one repository's candidates. What all of them share is looked up once; the
/// arguments outlive it.
class CandidateGates {
 public:
  CandidateGates(const Repo& repo, const RepoFacts& repo_facts, const PollFacts& facts,
                 const Fleet& fleet, TimePoint now);
  /// Every gate that depends on this candidate alone, in order, each with its value: all of Reason
  /// but capacity, slot_taken and selected, which depend on who else wants to start (see
  /// dispatch.h). Pure: the same facts give the same gates.
  [[nodiscard]] std::vector<GateValue> of(const Issue& issue) const;

 private:
  const Repo& repo_;
  const RepoFacts& repo_facts_;
  const PollFacts& facts_;
  const Fleet& fleet_;
  TimePoint now_;
  const Run* live_;
  std::vector<GateValue> first_;
  std::vector<GateValue> base_;
  GateValue disk_;
};

/// The first gate that did not pass; none if all did.
[[nodiscard]] const GateValue* first_failing(const std::vector<GateValue>& gates);

}  // namespace jobs

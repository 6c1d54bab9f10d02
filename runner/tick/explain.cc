#include <string>
#include <vector>

#include "jobs/base/text.h"
#include "jobs/ticks/plan.h"
#include "runner/tick/engine.h"
#include "runner/tick/observe.h"

namespace runner {

jobs::Result<jobs::Decision> explain_now(const jobs::ReaderPorts& readers, const jobs::Fleet& fleet,
                                         bool kill_switch, const std::string& kill_switch_detail,
                                         const jobs::IssueKey& issue) {
  if (fleet.repo(issue.repo) == nullptr) {
    std::vector<std::string> known;
    for (const jobs::Repo& repo : fleet.repos) {
      known.push_back(repo.name.str());
    }
    const std::string near = jobs::did_you_mean(issue.repo.str(), known);
    return jobs::fail(jobs::ErrorKind::not_found,
                      "no repository \"" + issue.repo.str() + "\" in the manifests",
                      near.empty() ? "see `runner manifests show`" : "did you mean " + near + "?");
  }
  Observer observer(readers, fleet, TickOptions{}.observers);
  const jobs::TimePoint now = readers.clock->now();
  RUNNER_ASSIGN(jobs::PollFacts facts, observer.poll_facts(now));
  RUNNER_TRY(observer.complete_one(issue, facts));
  // The switch is off here only so that the other gates are shown as well; its own gate says how it
  // stands.
  const jobs::Plan plan = jobs::poll(facts, fleet, now);
  for (jobs::Decision decision : plan.change.decisions) {
    if (decision.issue != issue) {
      continue;
    }
    if (kill_switch) {
      decision.reason = jobs::Reason::kill_switch;
      decision.detail = kill_switch_detail;
      for (jobs::GateValue& gate : decision.gates) {
        if (gate.gate == jobs::Reason::kill_switch) {
          gate = {.gate = jobs::Reason::kill_switch, .passed = false, .value = kill_switch_detail};
        }
      }
    }
    return decision;
  }
  for (const std::string& problem : plan.problems) {
    if (problem.starts_with(issue.repo.str() + ":")) {
      return jobs::fail(jobs::ErrorKind::transient, problem, "mend it and ask again");
    }
  }
  return jobs::fail(jobs::ErrorKind::not_found,
                    issue.str() + " is no candidate: it is not open, or does not carry the label " +
                        fleet.labels.ready,
                    "set the label " + fleet.labels.ready + " on it");
}

}  // namespace runner

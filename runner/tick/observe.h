#pragma once

#include <set>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/pipelines/run_view.h"
#include "jobs/pipelines/transition.h"
#include "jobs/policy/poll_facts.h"
#include "jobs/ports/ports.h"
#include "jobs/ticks/plan.h"

namespace runner {

/// The first cap that `run` has reached with everything that is spent or reserved now; empty if an
/// agent's turn may be planned.
[[nodiscard]] jobs::Result<std::string> cap_reached_by(jobs::StoreReader& store,
                                                       const jobs::Fleet& fleet,
                                                       const jobs::Run& run, jobs::TimePoint now);

/// The same, and whether the agent that would mend a landing of the run may be asked now.
[[nodiscard]] jobs::Result<jobs::FurtherTurn> further_turn(jobs::StoreReader& store,
                                                           const jobs::Fleet& fleet,
                                                           const jobs::Run& run,
                                                           jobs::TimePoint now);

/// Gathers facts through reader ports only. What fails on one repository or run becomes an error in
/// its facts; only the state itself being unreadable is an error of the whole. Repositories are
/// read concurrently, at most `observers` at a time.
class Observer {
 public:
  Observer(const jobs::ReaderPorts& ports, const jobs::Fleet& fleet, std::size_t observers)
      : ports_(ports), fleet_(fleet), observers_(observers) {}

  /// First lists, then the details of those issues that can still get a slot.
  [[nodiscard]] jobs::Result<jobs::PollFacts> poll_facts(jobs::TimePoint now);
  /// Fills in the details of this issue, also where it cannot get a slot: for a person who asks.
  [[nodiscard]] jobs::Status complete_one(const jobs::IssueKey& key, jobs::PollFacts& facts);
  /// Puts into the runs that `change` begins the texts that the list of issues left out. conflict:
  /// one was changed since.
  [[nodiscard]] jobs::Status complete_texts(const jobs::PollFacts& facts, jobs::Change& change);
  [[nodiscard]] jobs::Result<jobs::RunView> run_view(const jobs::Run& run, jobs::TimePoint now);
  [[nodiscard]] jobs::Result<jobs::JanitorFacts> janitor_facts();

 private:
  /// Tells each tracker what it will be asked about.
  void announce();
  /// Fills in what the lists left out of these issues.
  void complete(const std::vector<jobs::IssueKey>& keys, jobs::PollFacts& facts);
  /// Looks at the bases of these issues' repositories, of each that is not in `known` yet. True if
  /// one of them stops the issues of its repository.
  bool observe_bases_of(const std::vector<jobs::IssueKey>& issues,
                        const std::vector<jobs::Run>& runs, jobs::PollFacts& facts,
                        std::set<jobs::RepoName>& known);
  void observe_repo(const jobs::Repo& repo, const std::vector<jobs::Run>& runs,
                    jobs::RepoFacts& facts);
  void observe_base(const jobs::Repo& repo, const std::vector<jobs::Run>& runs,
                    jobs::RepoFacts& facts);
  [[nodiscard]] jobs::Status observe_parked(const jobs::Run& run, jobs::TimePoint now,
                                            jobs::RunView& view);
  [[nodiscard]] jobs::Status observe_history(jobs::PollFacts& facts,
                                             const std::vector<jobs::Run>& runs,
                                             jobs::TimePoint now);
  [[nodiscard]] jobs::TrackerReader* tracker(const jobs::Repo& repo, std::string& error) const;
  void observe_issue(const jobs::Repo& repo, jobs::RunView& view) const;
  void observe_pull(const jobs::Repo& repo, jobs::RunView& view) const;
  void observe_git_and_ci(const jobs::Repo& repo, jobs::RunView& view) const;

  const jobs::ReaderPorts& ports_;
  const jobs::Fleet& fleet_;
  std::size_t observers_;
};

}  // namespace runner

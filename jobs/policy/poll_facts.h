#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/model/issue.h"
#include "jobs/model/ledger.h"
#include "jobs/model/run.h"

namespace jobs {

/// What one repository looked like when poll observed it.
struct RepoFacts {
  RepoName repo;
  std::vector<Issue> ready;              ///< open issues with the ready label
  std::vector<IssueNumber> in_progress;  ///< open issues with the in-progress label
  std::string error;       ///< not empty: the tracker could not be read; no candidates then
  std::string base_error;  ///< not empty: the remote's base branch could not be read
  bool base_red =
      false;  ///< CI of the base branch's head is known to be red, and no person released it
  std::string base_detail;  ///< "main at 1a2b3c4d: unit, lint" or why it is not known
};

/// What an issue went through before, from the store.
struct IssueHistory {
  int charged_failures =
      0;  ///< runs that ended needs-human or frozen, were charged and not released
  std::optional<TimePoint> last_ended;  ///< end of its newest ended run that was not released
  std::optional<TimePoint>
      held_since;       ///< newest unreleased end: only a newer ready label lifts it
  std::string held_by;  ///< that run's id and outcome, for people
  Usage spent;          ///< over its lifetime, with open reservations
};

/// Everything poll decides from. Missing map entries mean zero.
struct PollFacts {
  bool kill_switch = true;
  std::string kill_switch_detail;  ///< which sources hold it on
  std::vector<RepoFacts> repos;
  std::vector<Run> live_runs;
  std::vector<Brake> brakes;  ///< in force
  std::map<IssueKey, IssueHistory> history;
  std::map<RepoName, TimePoint> last_started;  ///< newest claim of each repository: fairness
  std::map<RepoName, Usage> repo_day;
  Usage fleet_day;
  Usage fleet_month;
  std::optional<std::int64_t> disk_free;   ///< none = could not be read, which refuses
  std::array<std::uint64_t, 2> entropy{};  ///< for run ids
};

}  // namespace jobs

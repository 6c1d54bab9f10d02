#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "jobs/ports/ci.h"
#include "jobs/ports/clock.h"

namespace sim {

/// CI whose verdict about a commit is decided when it is started and comes when its time has come.
class Ci final : public jobs::CiReader, public jobs::CiWriter {
 public:
  struct Plan {
    jobs::Duration takes = std::chrono::minutes(3);
    jobs::Verdict verdict = jobs::Verdict::pass;
    /// Red first, green after this; zero = the verdict stays.
    jobs::Duration flips{};
    bool silent = false;  ///< pending for ever
  };
  explicit Ci(jobs::Clock& clock) : clock_(clock) {}

  /// Asked for the plan of a commit that is started now.
  std::function<Plan(const jobs::RepoName&)> plan;
  /// While set, every commit of the repository is red.
  void redden(const jobs::RepoName& repo, bool red) { red_[repo] = red; }
  /// The supervisor of everything that runs dies: nothing is known of it any more. False = there
  /// was nothing.
  bool lose(const jobs::RepoName& repo);
  [[nodiscard]] bool busy() const;
  [[nodiscard]] int starts(const jobs::RepoName& repo, const jobs::Oid& commit) const;

  jobs::Result<jobs::CiReport> observe(const jobs::Repo& repo, const jobs::Oid& commit) override;
  jobs::Status start(const jobs::Repo& repo, const jobs::Oid& commit) override;
  jobs::Status prune(const jobs::Repo& repo, const std::vector<jobs::Oid>& keep,
                     jobs::TimePoint as_of) override;

 private:
  using Key = std::pair<jobs::RepoName, jobs::Oid>;
  struct Job {
    jobs::TimePoint started;
    Plan plan;
  };
  [[nodiscard]] jobs::Verdict verdict(const Job& job) const;

  jobs::Clock& clock_;
  std::map<Key, Job> jobs_;
  std::map<Key, int> starts_;
  std::map<jobs::RepoName, bool> red_;
};

}  // namespace sim

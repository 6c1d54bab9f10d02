#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "jobs/ports/ci.h"
#include "jobs/ports/clock.h"
#include "tests/fakes/script.h"

namespace fakes {

/// CI in memory, held to the same contract suite as the real kinds (tests/contract/ci). A commit
/// reports nothing before it was started and is pending afterwards, until the test says how it
/// ended.
class FakeCi final : public jobs::CiReader, public jobs::CiWriter {
 public:
  explicit FakeCi(std::string check = "ci") : check_(std::move(check)) {}

  /// How the commit's CI ends, once it was started. May be said before.
  void finish(const jobs::RepoName& repo, const jobs::Oid& commit, jobs::Verdict verdict,
              const std::string& log_tail = {});
  /// Its supervisor died: the commit is as if it had not been started.
  void lose(const jobs::RepoName& repo, const jobs::Oid& commit);
  /// How often the commit's CI was really started.
  [[nodiscard]] int starts(const jobs::RepoName& repo, const jobs::Oid& commit) const;
  Script script;                 ///< calls: observe, start, prune
  jobs::Clock* clock = nullptr;  ///< when a start was; without it long ago

  jobs::Result<jobs::CiReport> observe(const jobs::Repo& repo, const jobs::Oid& commit) override;
  jobs::Status start(const jobs::Repo& repo, const jobs::Oid& commit) override;
  jobs::Status prune(const jobs::Repo& repo, const std::vector<jobs::Oid>& keep,
                     jobs::TimePoint as_of) override;

 private:
  using Key = std::pair<jobs::RepoName, jobs::Oid>;
  struct Ending {
    jobs::Verdict verdict = jobs::Verdict::pending;
    std::string log_tail;
  };

  mutable std::mutex mutex_;
  std::string check_;
  std::map<Key, Ending> endings_;
  std::map<Key, jobs::TimePoint> started_;
  std::map<Key, int> starts_;
};

}  // namespace fakes

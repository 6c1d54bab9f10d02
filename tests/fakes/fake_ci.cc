#include "tests/fakes/fake_ci.h"

#include <algorithm>

namespace fakes {

using jobs::Oid;
using jobs::Verdict;

void FakeCi::finish(const jobs::RepoName& repo, const Oid& commit, Verdict verdict,
                    const std::string& log_tail) {
  const std::lock_guard lock(mutex_);
  endings_[{repo, commit}] = {.verdict = verdict, .log_tail = log_tail};
}

void FakeCi::lose(const jobs::RepoName& repo, const Oid& commit) {
  const std::lock_guard lock(mutex_);
  started_.erase({repo, commit});
}

int FakeCi::starts(const jobs::RepoName& repo, const Oid& commit) const {
  const std::lock_guard lock(mutex_);
  const auto found = starts_.find({repo, commit});
  return found == starts_.end() ? 0 : found->second;
}

jobs::Result<jobs::CiReport> FakeCi::observe(const jobs::Repo& repo, const Oid& commit) {
  RUNNER_TRY(script.before("observe"));
  const std::lock_guard lock(mutex_);
  const Key key{repo.name, commit};
  jobs::CiReport report;
  if (!started_.contains(key)) {
    return report;
  }
  const auto ending = endings_.find(key);
  report.verdict = ending == endings_.end() ? Verdict::pending : ending->second.verdict;
  report.checks.push_back({.name = check_, .verdict = report.verdict, .log_tail = {}});
  if (report.verdict == Verdict::fail) {
    report.checks.back().log_tail = ending->second.log_tail;
  }
  return report;
}

jobs::Status FakeCi::start(const jobs::Repo& repo, const Oid& commit) {
  RUNNER_TRY(script.before("start"));
  {
    const std::lock_guard lock(mutex_);
    const Key key{repo.name, commit};
    if (!started_.contains(key)) {
      started_[key] = clock == nullptr ? jobs::TimePoint{} : clock->now();
      ++starts_[key];
      script.changed("start " + repo.name.str() + " " + commit.str());
    }
  }
  return script.after("start");
}

jobs::Status FakeCi::prune(const jobs::Repo& repo, const std::vector<Oid>& keep,
                           jobs::TimePoint as_of) {
  RUNNER_TRY(script.before("prune"));
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(started_, [&](const auto& entry) {
      return entry.first.first == repo.name && entry.second < as_of &&
             std::ranges::find(keep, entry.first.second) == keep.end();
    });
  }
  return script.after("prune");
}

}  // namespace fakes

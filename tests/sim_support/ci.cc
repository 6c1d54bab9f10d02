#include "tests/sim_support/ci.h"

#include <algorithm>

namespace sim {

using jobs::Verdict;

Verdict Ci::verdict(const Job& job) const {
  const jobs::Duration age = clock_.now() - job.started;
  if (job.plan.silent || age < job.plan.takes) {
    return Verdict::pending;
  }
  const bool flipped = job.plan.flips.count() > 0 && age >= job.plan.takes + job.plan.flips;
  return flipped ? Verdict::pass : job.plan.verdict;
}

bool Ci::lose(const jobs::RepoName& repo) {
  return std::erase_if(jobs_, [&](const auto& entry) {
           return entry.first.first == repo && verdict(entry.second) == Verdict::pending;
         }) > 0;
}

bool Ci::busy() const {
  return std::ranges::any_of(jobs_, [&](const auto& entry) {
    return !entry.second.plan.silent &&
           clock_.now() < entry.second.started + entry.second.plan.takes + entry.second.plan.flips;
  });
}

int Ci::starts(const jobs::RepoName& repo, const jobs::Oid& commit) const {
  const auto found = starts_.find({repo, commit});
  return found == starts_.end() ? 0 : found->second;
}

jobs::Result<jobs::CiReport> Ci::observe(const jobs::Repo& repo, const jobs::Oid& commit) {
  jobs::CiReport report;
  const auto red = red_.find(repo.name);
  if (red != red_.end() && red->second) {
    report.verdict = Verdict::fail;
    report.checks.push_back({.name = "base", .verdict = Verdict::fail, .log_tail = "red"});
    return report;
  }
  const auto job = jobs_.find({repo.name, commit});
  if (job == jobs_.end()) {
    return report;
  }
  report.verdict = verdict(job->second);
  report.checks.push_back({.name = "unit", .verdict = report.verdict, .log_tail = "boom"});
  return report;
}

jobs::Status Ci::start(const jobs::Repo& repo, const jobs::Oid& commit) {
  const Key key{repo.name, commit};
  if (!jobs_.contains(key)) {
    jobs_[key] = {clock_.now(), plan(repo.name)};
    ++starts_[key];
  }
  return jobs::ok();
}

jobs::Status Ci::prune(const jobs::Repo& repo, const std::vector<jobs::Oid>& keep,
                       jobs::TimePoint as_of) {
  std::erase_if(jobs_, [&](const auto& entry) {
    return entry.first.first == repo.name && entry.second.started < as_of &&
           std::ranges::find(keep, entry.first.second) == keep.end();
  });
  return jobs::ok();
}

}  // namespace sim

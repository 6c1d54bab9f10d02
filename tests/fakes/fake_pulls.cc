#include "tests/fakes/fake_pulls.h"

#include <fmt/format.h>

namespace fakes {

using jobs::ErrorKind;
using jobs::PullFacts;

PullFacts FakePulls::seen(const Pull& pull) const {
  PullFacts facts = pull.facts;
  if (facts.state == PullFacts::State::open) {
    facts.head = git_.remote_head(pull.remote, pull.branch);
    facts.conflicts = git_.conflicts_on_remote(pull.remote, pull.base, pull.branch);
  }
  return facts;
}

FakePulls::Pull* FakePulls::newest(const jobs::Repo& repo, const std::string& branch) {
  Pull* found = nullptr;
  for (auto& [number, pull] : pulls_) {
    if (pull.remote == repo.remote && pull.branch == branch) {
      found = &pull;
    }
  }
  return found;
}

bool FakePulls::merge_now(Pull& pull, const std::string& message) {
  pull.facts.head = git_.remote_head(pull.remote, pull.branch);
  const jobs::Oid merged = git_.merge_on_remote(pull.remote, pull.base, pull.branch, message);
  if (merged.empty()) {
    return false;
  }
  pull.facts.state = PullFacts::State::merged;
  pull.facts.merged = merged;
  return true;
}

bool FakePulls::press_merge(const jobs::Repo& repo, const std::string& branch) {
  const std::lock_guard lock(mutex_);
  Pull* pull = newest(repo, branch);
  return pull != nullptr && pull->facts.state == PullFacts::State::open &&
         merge_now(*pull, fmt::format("Merge pull request #{}", pull->facts.number));
}

void FakePulls::press_close(const jobs::Repo& repo, const std::string& branch) {
  const std::lock_guard lock(mutex_);
  if (Pull* pull = newest(repo, branch)) {
    pull->facts = seen(*pull);
    pull->facts.state = PullFacts::State::closed;
  }
}

int FakePulls::opened() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(pulls_.size());
}

jobs::Result<std::optional<PullFacts>> FakePulls::pull(const jobs::Repo& repo,
                                                       const std::string& branch) {
  RUNNER_TRY(script.before("pull"));
  const std::lock_guard lock(mutex_);
  const Pull* found = newest(repo, branch);
  return found == nullptr ? std::optional<PullFacts>() : std::optional(seen(*found));
}

jobs::Result<PullFacts> FakePulls::open(const jobs::Repo& repo, const jobs::PullSpec& spec) {
  RUNNER_TRY(script.before("open"));
  PullFacts facts;
  {
    const std::lock_guard lock(mutex_);
    Pull* there = newest(repo, spec.branch);
    if (there != nullptr &&
        (there->facts.state == PullFacts::State::open || there->facts.head == spec.head)) {
      facts = seen(*there);
    } else if (git_.remote_head(repo.remote, spec.branch).empty()) {
      return jobs::fail(ErrorKind::denied, "there is no branch " + spec.branch);
    } else {
      const auto number = static_cast<std::int64_t>(pulls_.size()) + 1;
      Pull made{.remote = repo.remote, .branch = spec.branch, .base = spec.base, .facts = {}};
      made.facts.number = number;
      made.facts.url = fmt::format("https://forge/{}/pulls/{}", repo.name.str(), number);
      pulls_[number] = made;
      facts = seen(made);
      script.changed("open " + spec.branch);
    }
  }
  RUNNER_TRY(script.after("open"));
  return facts;
}

jobs::Status FakePulls::merge(const jobs::Repo& repo, std::int64_t number, const jobs::Oid& head,
                              const std::string& message) {
  RUNNER_TRY(script.before("merge"));
  {
    const std::lock_guard lock(mutex_);
    const auto found = pulls_.find(number);
    if (found == pulls_.end() || found->second.remote != repo.remote) {
      return jobs::fail(ErrorKind::not_found, fmt::format("there is no pull request #{}", number));
    }
    Pull& pull = found->second;
    if (pull.facts.state == PullFacts::State::closed) {
      return jobs::fail(ErrorKind::denied, fmt::format("pull request #{} was closed", number));
    }
    if (pull.facts.state == PullFacts::State::open) {
      if (seen(pull).head != head) {
        return jobs::fail(ErrorKind::conflict, fmt::format("pull request #{} moved", number));
      }
      if (!merge_now(pull, message)) {
        return jobs::fail(ErrorKind::conflict,
                          fmt::format("pull request #{} does not merge cleanly", number));
      }
      script.changed(fmt::format("merge {}", number));
    }
  }
  return script.after("merge");
}

}  // namespace fakes

#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "jobs/ports/pulls.h"
#include "tests/fakes/fake_workspace.h"
#include "tests/fakes/script.h"

namespace fakes {

/// Pull requests in memory, over the remotes of a FakeWorkspace: what is merged is merged there.
/// Held to the same contract suite as the real kinds (tests/contract/pulls).
class FakePulls final : public jobs::PullReader, public jobs::PullWriter {
 public:
  /// `git` outlives it.
  explicit FakePulls(FakeWorkspace& git) : git_(git) {}

  // What people do.

  /// Merges it as a forge's button does. False if there is none that is open.
  bool press_merge(const jobs::Repo& repo, const std::string& branch);
  void press_close(const jobs::Repo& repo, const std::string& branch);
  /// How many were ever opened.
  [[nodiscard]] int opened() const;

  Script script;  ///< calls: pull, open, merge

  jobs::Result<std::optional<jobs::PullFacts>> pull(const jobs::Repo& repo,
                                                    const std::string& branch) override;
  jobs::Result<jobs::PullFacts> open(const jobs::Repo& repo, const jobs::PullSpec& spec) override;
  jobs::Status merge(const jobs::Repo& repo, std::int64_t number, const jobs::Oid& head,
                     const std::string& message) override;

 private:
  struct Pull {
    std::string remote;
    std::string branch;
    std::string base;
    jobs::PullFacts facts;
  };
  /// As it is now: the head of an open one is that of its branch.
  [[nodiscard]] jobs::PullFacts seen(const Pull& pull) const;
  [[nodiscard]] Pull* newest(const jobs::Repo& repo, const std::string& branch);
  bool merge_now(Pull& pull, const std::string& message);

  mutable std::mutex mutex_;
  FakeWorkspace& git_;
  std::map<std::int64_t, Pull> pulls_;
};

}  // namespace fakes

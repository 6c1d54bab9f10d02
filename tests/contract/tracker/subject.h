#pragma once

#include <memory>
#include <string>

#include "jobs/ports/tracker.h"
#include "tests/fakes/fake_tracker.h"

namespace tracker_contract {

using Written = fakes::FakeTracker::Written;

/// A tracker and the people who use it.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual void put(const jobs::IssueKey& key, const Written& written) = 0;
  virtual void permit(const std::string& login, const std::string& permission) = 0;
  virtual void comment(const jobs::IssueKey& key, const std::string& author,
                       const std::string& body) = 0;
  virtual jobs::TrackerReader& reader() = 0;
  virtual jobs::TrackerWriter& writer() = 0;
  /// False for a tracker whose clock is its own, so that times cannot be given.
  [[nodiscard]] virtual bool takes_times() const { return true; }
  /// False for a tracker in which no issue can be broken.
  [[nodiscard]] virtual bool has_broken_issues() const { return true; }
  /// False for a tracker that lets whoever makes an issue name another author.
  [[nodiscard]] virtual bool tells_authors() const { return true; }
  /// True for a tracker whose issues are in one state at a time: in progress stands for both
  /// labels.
  [[nodiscard]] virtual bool in_progress_is_ready() const { return false; }
};

[[nodiscard]] std::unique_ptr<Subject> make_fake();
[[nodiscard]] std::unique_ptr<Subject> make_local();
/// The adapter for GitHub against the forge double, by GraphQL or by REST alone.
[[nodiscard]] std::unique_ptr<Subject> make_github(bool graphql);

/// The adapter for Forgejo against its double, which speaks its own dialect or Gitea's.
[[nodiscard]] std::unique_ptr<Subject> make_forgejo(bool gitea);

/// The adapter for Plane against its double, which says "work-items", or "issues" as old ones do.
[[nodiscard]] std::unique_ptr<Subject> make_plane(bool old);

}  // namespace tracker_contract

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"

namespace jobs {

/// A pull request as it is now.
struct PullFacts {
  enum class State : std::uint8_t { open, merged, closed };
  std::int64_t number = 0;
  std::string url;
  State state = State::open;
  Oid head;                ///< of its branch; when merged or closed, as it was then
  Oid merged;              ///< when merged: the commit that the base branch got
  bool conflicts = false;  ///< the forge says that it cannot be merged as it is; some say so as
                           ///< long as they have not looked
};

/// A pull request to be opened. Texts are encoded by the adapter.
struct PullSpec {
  std::string branch;  ///< of the same repository, pushed already
  Oid head;            ///< of that branch
  std::string base;
  std::string title;
  std::string body;
};

/// Reads pull requests. Calls may come from several threads at once.
class PullReader {
 public:
  virtual ~PullReader() = default;
  /// The newest pull request whose branch is `branch` of the repository itself, in whatever state;
  /// none if there never was one.
  [[nodiscard]] virtual Result<std::optional<PullFacts>> pull(const Repo& repo,
                                                              const std::string& branch) = 0;
};

/// Writes pull requests. All are idempotent: they look before they ask.
class PullWriter {
 public:
  virtual ~PullWriter() = default;
  /// Opens one, or finds the one that is open for this branch, or that was there for this very
  /// head: it may have been merged before anybody noted that it was opened. denied: says which
  /// permission is missing.
  [[nodiscard]] virtual Result<PullFacts> open(const Repo& repo, const PullSpec& spec) = 0;
  /// Merges it with a merge commit of this message, if its head is still `head`. Done where it is
  /// merged already. conflict: the head moved, or the forge does not let it be merged (yet).
  [[nodiscard]] virtual Status merge(const Repo& repo, std::int64_t number, const Oid& head,
                                     const std::string& message) = 0;
};

}  // namespace jobs

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/git_handles.h"

/// A mirror is complete: whatever an object in it refers to is in it, too. A server is not believed
/// to see to that. Packs that come from one stand under quarantine until they were looked through:
/// a file in the mirror says which were there before, and all others go if the fetch fails, or died
/// (found by the next who takes the repository's lock).
namespace worktrees {

class Quarantine {
 public:
  /// Of what will be fetched into `mirror`, which outlives this. For the holder of the repository's
  /// lock.
  [[nodiscard]] static jobs::Result<Quarantine> begin(git_repository* mirror);
  Quarantine(Quarantine&& other) noexcept;
  Quarantine& operator=(Quarantine&&) = delete;
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;
  /// Removes what came, unless it was admitted.
  ~Quarantine();

  /// Once the packs are there, and before any ref means something in them. transient: an object
  /// lacks; the message, which begins with `fetching`, names it and the one that needs it.
  [[nodiscard]] jobs::Status admit(std::string_view fetching);

 private:
  Quarantine(git_repository* mirror, std::vector<std::string> known)
      : mirror_(mirror), known_(std::move(known)) {}

  git_repository* mirror_;
  std::vector<std::string> known_;  ///< names of the packs that were there
};

/// Removes what a fetch left in the mirror at this path that died before it was admitted. Done if
/// there is nothing, or no mirror.
[[nodiscard]] jobs::Status drop_unadmitted(const std::string& mirror);

}  // namespace worktrees

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <git2/oid.h>

#include "jobs/base/result.h"
#include "worktrees/objects/pack.h"

namespace worktrees::objects {

/// Where an object stands. Without a pack: in a file of its own, or not in this store.
struct Place {
  const Pack* pack = nullptr;
  std::uint64_t offset = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

/// The objects folder of a mirror, as it was when it was opened. Immutable; any number of readers,
/// each of one thread, share it. Why not libgit2's: its readers wait for one another at one lock,
/// and it hashes again what was verified on arrival.
class Store {
 public:
  /// `folder` is "<mirror>/objects". What cannot be used of it (an index of version 1) is left out:
  /// its objects are not found here, and libgit2 is asked for them.
  [[nodiscard]] static Store open(const std::string& folder);

  [[nodiscard]] Place find(const git_oid& id) const;
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] const std::vector<Pack>& packs() const { return packs_; }

 private:
  std::string folder_;
  std::vector<Pack> packs_;  ///< the one with most objects first
};

}  // namespace worktrees::objects

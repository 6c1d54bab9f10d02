#pragma once

#include <cstddef>

#include <git2.h>

namespace worktrees {

/// Keeps a fetch small. libgit2 1.5 indexes what it receives through windows on the new pack that
/// it never gives back before its end, outside of its own limits: the whole pack is in memory then,
/// and each object whole at the least. Asked at every sign of progress, and between them with each
/// few windows: the digest of a large object is made without a sign. One in a thread.
class PackWatch {
 public:
  PackWatch();
  ~PackWatch();
  PackWatch(const PackWatch&) = delete;
  PackWatch& operator=(const PackWatch&) = delete;

  /// False if the object that is on its way is too large; libgit2's error says so.
  [[nodiscard]] bool goes_on(const git_indexer_progress& progress);

 private:
  unsigned objects_ = 0;
  std::size_t object_begin_ = 0;  ///< bytes received before the object on its way
};

}  // namespace worktrees

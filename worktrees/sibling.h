#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worktrees/fd.h"
#include "worktrees/known_files.h"
#include "worktrees/tree_list.h"

struct evp_md_ctx_st;

namespace worktrees {

/// Another worktree of the repository, as a source of files: to read one and make its digest costs
/// less than to decode it. Somebody may be at work in it, so nothing of it is believed; only what
/// has the digest of the blob that is wanted is used. Immutable, for any number of threads.
class Sibling {
 public:
  /// `known`: what was written to `folder`, which says where there may be what `list` wants;
  /// the list outlives this.
  Sibling(const std::string& folder, const KnownFiles& known, const TreeList& list);

  /// There may be the file with this number of the list.
  [[nodiscard]] bool may_have(std::size_t file) const { return sizes_[file] != kNone; }
  /// In bytes, of one that there may be.
  [[nodiscard]] std::uint32_t size(std::size_t file) const { return sizes_[file]; }

  /// For one thread.
  class Reader {
   public:
    explicit Reader(const Sibling& sibling);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    /// The content of that file, until the next call; nothing if the sibling does not have it.
    [[nodiscard]] std::optional<std::string_view> read(std::size_t file);
    /// That file is large enough to be worth sharing, and nothing said yet that files cannot be.
    [[nodiscard]] bool may_share(std::size_t file) const;
    /// Lets the empty file `to` have the blocks of that file, which the file system copies once one
    /// of the two changes (FICLONE, ioctl_ficlone(2); XFS and Btrfs can). What came is what was
    /// looked at. False: not shared, and `to` is to be thrown away.
    [[nodiscard]] bool share(std::size_t file, int to);

   private:
    /// The file as it is now; -1 if it is not as long as it should be.
    [[nodiscard]] Fd open(std::size_t file) const;
    [[nodiscard]] bool is_blob(const git_oid& id, std::string_view content);

    const Sibling& sibling_;
    evp_md_ctx_st* digest_;
    std::string content_;
    bool shares_ = true;  ///< as far as is known
  };

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  const TreeList& list_;
  Fd root_;
  std::vector<std::uint32_t> sizes_;  ///< in the order of the list
};

}  // namespace worktrees

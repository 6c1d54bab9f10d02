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

   private:
    [[nodiscard]] bool is_blob(const git_oid& id, std::string_view content);

    const Sibling& sibling_;
    evp_md_ctx_st* digest_;
    std::string content_;
  };

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  const TreeList& list_;
  Fd root_;
  std::vector<std::uint32_t> sizes_;  ///< in the order of the list
};

}  // namespace worktrees

#pragma once

#include <memory>

#include <git2.h>
#include <git2/sys/repository.h>

/// libgit2's handles as unique_ptrs: no git_..._free is called by hand anywhere in this room.
/// Private to worktrees; no other header of this room that others may include names a git type.
namespace worktrees {

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* handle) const {
    kFree(handle);
  }
};

using Repository = std::unique_ptr<git_repository, Freed<git_repository_free>>;
using Odb = std::unique_ptr<git_odb, Freed<git_odb_free>>;
using OdbObject = std::unique_ptr<git_odb_object, Freed<git_odb_object_free>>;
using OdbStream = std::unique_ptr<git_odb_stream, Freed<git_odb_stream_free>>;
using Commit = std::unique_ptr<git_commit, Freed<git_commit_free>>;
using Tree = std::unique_ptr<git_tree, Freed<git_tree_free>>;
using TreeEntry = std::unique_ptr<git_tree_entry, Freed<git_tree_entry_free>>;
using Blob = std::unique_ptr<git_blob, Freed<git_blob_free>>;
using Index = std::unique_ptr<git_index, Freed<git_index_free>>;
using ConflictIterator =
    std::unique_ptr<git_index_conflict_iterator, Freed<git_index_conflict_iterator_free>>;
using Reference = std::unique_ptr<git_reference, Freed<git_reference_free>>;
using ReferenceIterator =
    std::unique_ptr<git_reference_iterator, Freed<git_reference_iterator_free>>;
using Remote = std::unique_ptr<git_remote, Freed<git_remote_free>>;
using Revwalk = std::unique_ptr<git_revwalk, Freed<git_revwalk_free>>;
using Diff = std::unique_ptr<git_diff, Freed<git_diff_free>>;
using FilterList = std::unique_ptr<git_filter_list, Freed<git_filter_list_free>>;
using Signature = std::unique_ptr<git_signature, Freed<git_signature_free>>;
using Config = std::unique_ptr<git_config, Freed<git_config_free>>;
using PackBuilder = std::unique_ptr<git_packbuilder, Freed<git_packbuilder_free>>;

/// Turns a C out-parameter into a filled unique_ptr: `git_repository_open(into(repository), path)`.
/// Filled when the whole statement or condition is over: do not use the handle to the right of an
/// `&&` behind the call.
template <typename Handle>
class Into {
 public:
  explicit Into(Handle& target) : target_(target) {}
  Into(const Into&) = delete;
  Into& operator=(const Into&) = delete;
  ~Into() { target_.reset(raw_); }
  operator typename Handle::pointer *() { return &raw_; }  // NOLINT: implicit on purpose

 private:
  Handle& target_;
  typename Handle::pointer raw_ = nullptr;
};

template <typename Handle>
[[nodiscard]] Into<Handle> into(Handle& target) {
  return Into<Handle>(target);
}

}  // namespace worktrees

#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/file_stat.h"
#include "worktrees/git_handles.h"
#include "worktrees/smudge.h"
#include "worktrees/tree_list.h"

namespace worktrees {

/// Does the file at this path say how others are converted?
[[nodiscard]] bool is_attributes_file(std::string_view path);

/// What the attributes of a tree change in a file on its way to the disk: ends of lines (eol=crlf),
/// ident and working-tree-encoding, and the programs of the manifest (smudge.h). No other program
/// is run, so what it would have made stays as it is in the commit, such as the pointer of a large
/// file.
class Converter {
 public:
  /// `commit` is the one that `list` was read from, in `mirror`; both outlive this. Files that are
  /// the `same` already (of none or all in the list) are left out.
  [[nodiscard]] static jobs::Result<Converter> open(const TreeList& list,
                                                    objects::AnyObject& objects,
                                                    git_repository* mirror, const git_oid& commit,
                                                    const std::vector<FileState>& present,
                                                    const Smudge& smudge = {});

  /// Is the file with this number in the list to be converted?
  [[nodiscard]] bool applies(std::size_t file) const {
    return !converted_.empty() && converted_[file];
  }
  /// Any thread may ask; libgit2 serves one at a time. denied: it is too large for that.
  [[nodiscard]] jobs::Result<Converted> convert(std::string_view path, const git_oid& blob);

 private:
  Converter(git_repository* mirror, const git_oid& commit, Smudge smudge)
      : mirror_(mirror), commit_(commit), smudge_(std::move(smudge)) {}
  struct Wanted {
    bool ident = false;
    std::string encoding;
    std::string filter;  ///< one of smudge.h
  };
  [[nodiscard]] jobs::Result<std::string> convert_text(std::string_view path, const git_oid& blob,
                                                       std::string& filter);
  [[nodiscard]] jobs::Status check_size(std::string_view path, const git_oid& blob) const;
  [[nodiscard]] Wanted wanted_of(std::string_view path) const;
  [[nodiscard]] FilterList filters_of(std::string_view path, git_blob* blob) const;

  git_repository* mirror_;
  git_oid commit_;
  Smudge smudge_;
  std::vector<bool> converted_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
};

}  // namespace worktrees

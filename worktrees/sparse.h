#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worktrees/tree_list.h"

namespace worktrees {

/// The part of a repository that a sparse worktree has: some folders with all below them, and the
/// files, not the folders, that lie right in each folder above them. What git calls cone mode
/// (git-sparse-checkout(1)).
class Cone {
 public:
  /// None: everything.
  Cone() = default;
  explicit Cone(std::vector<std::string> folders);

  [[nodiscard]] bool all() const { return folders_.empty(); }
  /// Whether the files right in this folder ("" = the top) are there.
  [[nodiscard]] bool has_folder(std::string_view folder) const;
  [[nodiscard]] bool has_file(std::string_view path) const;
  /// Text of info/sparse-checkout, as git itself writes it.
  [[nodiscard]] std::string patterns() const;

 private:
  std::vector<std::string> folders_;  ///< sorted, none below another
  std::vector<std::string> above_;    ///< sorted; without the top
};

/// Which files of the list are in the cone.
[[nodiscard]] std::vector<bool> in_cone(const TreeList& list, const Cone& cone);

/// A list of the chosen files alone, in their order, and of the directories that hold any.
[[nodiscard]] TreeList chosen(const TreeList& list, const std::vector<bool>& keep);

}  // namespace worktrees

#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "jobs/base/result.h"
#include "worktrees/folder_scan.h"
#include "worktrees/git_handles.h"
#include "worktrees/materialise.h"
#include "worktrees/remover.h"

namespace worktrees {

/// Puts a folder that was used right but for the content of its files.
class Tidier {
 public:
  /// `list` and the opened directory `root` outlive it; what is removed goes to `trash`.
  Tidier(const TreeList& list, int root, const std::string& trash, FolderScan scan);

  /// Before files are written.
  [[nodiscard]] jobs::Status clear_way() const;
  /// To be called when the files of the commit are there: their rules count. True if something cold
  /// went.
  [[nodiscard]] jobs::Result<bool> clear_rest(git_repository* repository,
                                              const FolderWish& wish) const;

 private:
  int root_;
  Remover remover_;
  FolderScan scan_;
  std::unordered_set<std::string_view> directories_;
};

}  // namespace worktrees

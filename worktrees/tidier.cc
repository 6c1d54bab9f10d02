#include "worktrees/tidier.h"

#include <utility>

#include <fmt/core.h>

#include "worktrees/blocking_rules.h"
#include "worktrees/git_error.h"
#include "worktrees/leftovers.h"

namespace worktrees {

Tidier::Tidier(const TreeList& list, int root, const std::string& trash, FolderScan scan)
    : root_(root), remover_(root, trash), scan_(std::move(scan)) {
  for (const TreeList::Directory& directory : list.directories) {
    directories_.insert(list.path(directory));
  }
}

jobs::Status Tidier::clear_way() const {
  for (const std::string& path : scan_.in_the_way) {
    RUNNER_TRY(remover_.remove(path));
  }
  return jobs::ok();
}

jobs::Result<bool> Tidier::clear_rest(git_repository* repository, const FolderWish& wish) const {
  const bool all = wish.leftovers == Leftovers::remove;
  if (!all && !scan_.gone.empty()) {
    RUNNER_TRY(remove_blocking_rules(wish.folder));
  }
  if (const int code = git_repository_set_workdir(repository, wish.folder.c_str(), 0); code < 0) {
    return git_failure(code, fmt::format("cannot look at {}", wish.folder));
  }
  for (const std::string& path : scan_.gone) {
    // Its user may have made a file of his own out of one that was in the commit.
    RUNNER_ASSIGN(const bool kept, all ? false : is_ignored(repository, root_, path));
    if (!kept) {
      remover_.remove_file(path);
      remover_.remove_empty_above(
          path, [&](std::string_view above) { return directories_.contains(above); });
    }
  }
  return all ? clear_leftovers(repository, root_, remover_, scan_.extra, wish.cold) : false;
}

}  // namespace worktrees

#pragma once

#include <string>
#include <string_view>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/layout.h"
#include "worktrees/sparse.h"

/// The checkout: the git directory that agents see. It borrows the mirror's objects and carries the
/// worktrees. The runner never opens it as a repository (its config, hooks and alternates belong to
/// whoever wrote them last); it reads and writes the few files it needs here itself, without
/// following a link.
namespace worktrees {

/// Makes the checkout, or puts config, hooks, exclude and attribute files and the alternates of an
/// existing one back to ours. `sparse`: git shall heed what its worktrees are sparse by.
[[nodiscard]] jobs::Status restore_checkout(const Layout& layout, const jobs::RepoName& repo,
                                            bool sparse);

/// Commit that a ref names, from its loose file or packed-refs; empty if there is none. conflict:
/// the ref is symbolic or garbage.
[[nodiscard]] jobs::Result<jobs::Oid> checkout_ref(const Layout& layout, const jobs::RepoName& repo,
                                                   const std::string& name);
[[nodiscard]] jobs::Status set_checkout_ref(const Layout& layout, const jobs::RepoName& repo,
                                            const std::string& name, const jobs::Oid& commit);
[[nodiscard]] jobs::Status delete_checkout_ref(const Layout& layout, const jobs::RepoName& repo,
                                               const std::string& name);

/// True if "refs/heads/<branch>" is a valid ref below runner/: the only branches we ever write in a
/// checkout.
[[nodiscard]] bool is_run_branch(const std::string& branch);

/// What a worktree's HEAD says.
struct WorktreeHead {
  std::string branch;  ///< "" = detached
  jobs::Oid commit;    ///< only when detached
};
[[nodiscard]] jobs::Result<WorktreeHead> worktree_head(const Layout& layout,
                                                       const jobs::RepoName& repo,
                                                       std::string_view slot);

/// Why the folder of `slot` is not a worktree of this checkout ("" = it is).
[[nodiscard]] std::string folder_problem(const Layout& layout, const jobs::RepoName& repo,
                                         std::string_view slot);

/// Links the folder of `slot` and the checkout to one another, HEAD on `branch`, and puts
/// `index_file` in place as its index. `cone` is what its files are of.
[[nodiscard]] jobs::Status link_worktree(const Layout& layout, const jobs::RepoName& repo,
                                         std::string_view slot, const std::string& branch,
                                         const std::string& index_file, const Cone& cone);
/// Removes the checkout's side of a worktree.
[[nodiscard]] jobs::Status unlink_worktree(const Layout& layout, const jobs::RepoName& repo,
                                           std::string_view slot);

}  // namespace worktrees

#pragma once

#include <map>
#include <string>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/git_handles.h"
#include "worktrees/layout.h"

/// The mirror: a bare repository that only the runner reads and writes. Its refs/remotes/origin/*
/// follow the remote, refs/runner/rescue/* keep work that is nowhere else.
namespace worktrees {

/// What the name of a branch of the remote begins with there, and in the checkout.
inline constexpr const char* kFollowed = "refs/remotes/origin/";

/// Opens the mirror, made first if there is none (in a temporary place, then renamed: never half a
/// mirror).
[[nodiscard]] jobs::Result<Repository> open_or_make_mirror(const Layout& layout,
                                                           const jobs::RepoName& repo);
/// Opens the mirror; not_found if there is none yet.
[[nodiscard]] jobs::Result<Repository> open_mirror(const Layout& layout,
                                                   const jobs::RepoName& repo);
/// The mirror with the objects of the checkout readable too. What is written goes to the mirror. An
/// alternates file in the checkout is not followed, and anything there that is no plain file or
/// directory is refused.
[[nodiscard]] jobs::Result<Repository> open_with_checkout(const Layout& layout,
                                                          const jobs::RepoName& repo);

/// Commit that a ref of the mirror names; an empty id if there is no such ref.
[[nodiscard]] jobs::Result<jobs::Oid> mirror_ref(git_repository* mirror, const std::string& name);
[[nodiscard]] jobs::Status set_mirror_ref(git_repository* mirror, const std::string& name,
                                          const jobs::Oid& commit);

/// `ancestor` is `commit` or one of its ancestors. An unknown object counts as no.
[[nodiscard]] bool contains(git_repository* repository, const jobs::Oid& commit,
                            const jobs::Oid& ancestor);
/// The branches of the remote as last fetched: "main" -> commit.
[[nodiscard]] jobs::Result<std::map<std::string, jobs::Oid>> remote_branches(
    git_repository* mirror);
/// Forgets the branches of the remote that `heads` does not have. To be done before others are
/// made: a branch that became a folder of branches would stand in its own way.
[[nodiscard]] jobs::Status let_go_of_others(git_repository* mirror,
                                            const std::map<std::string, jobs::Oid>& heads);
/// Lets refs/remotes/origin/* say what `heads` says, whose commits are in the mirror. Others stay.
[[nodiscard]] jobs::Status follow_branches(git_repository* mirror,
                                           const std::map<std::string, jobs::Oid>& heads);
/// `commit` is reachable from some branch of the remote, as last fetched.
[[nodiscard]] jobs::Result<bool> on_remote(git_repository* mirror, const jobs::Oid& commit);
/// In bytes, of the content of any object; it is not read.
[[nodiscard]] jobs::Result<std::size_t> object_size(git_repository* repository, const git_oid& id);
[[nodiscard]] jobs::Result<jobs::Oid> tree_of(git_repository* repository, const jobs::Oid& commit);

}  // namespace worktrees

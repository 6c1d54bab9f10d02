#pragma once

#include <memory>
#include <string_view>

#include "jobs/ports/workspace.h"
#include "worktrees/git_workspace.h"
#include "worktrees/layout.h"
#include "worktrees/path_lock.h"
#include "worktrees/remote.h"

/// What every operation of the workspace needs, and the operations themselves, one file each.
/// Private to this room.
namespace worktrees {

struct Context {
  Options options;
  Layout layout;
  jobs::CommandRunner* commands = nullptr;
  std::unique_ptr<GuardedOrigins> guarded = std::make_unique<GuardedOrigins>();

  void say(std::string_view line) const;
  /// Outlived by `repo`.
  [[nodiscard]] RemoteAccess access(const jobs::Repo& repo) const;
  /// The lock that every writer of a repository holds.
  [[nodiscard]] jobs::Result<PathLock> lock(const jobs::RepoName& repo) const;
};

[[nodiscard]] jobs::Result<jobs::WorktreeFacts> observe(const Context& context,
                                                        const jobs::Repo& repo,
                                                        const jobs::Run& run);
[[nodiscard]] jobs::Result<std::optional<std::string>> file_at(const Context& context,
                                                               const jobs::Repo& repo,
                                                               const jobs::Oid& commit,
                                                               const std::string& path);
[[nodiscard]] jobs::Result<jobs::Prepared> prepare(const Context& context, const jobs::Repo& repo,
                                                   const jobs::Run& run);
[[nodiscard]] jobs::Result<jobs::LandResult> land(const Context& context, const jobs::Repo& repo,
                                                  const jobs::LandRequest& request);
[[nodiscard]] jobs::Status release(const Context& context, const jobs::Repo& repo,
                                   const jobs::Run& run);
[[nodiscard]] jobs::Result<std::string> commit_tree(const Context& context, const jobs::Repo& repo,
                                                    const jobs::Oid& commit);
[[nodiscard]] jobs::Status drop_commit_tree(const Context& context, const jobs::Repo& repo,
                                            const jobs::Oid& commit);
[[nodiscard]] jobs::Result<std::vector<jobs::WorktreeEntry>> list(const Context& context);
[[nodiscard]] jobs::Status remove_orphan(const Context& context, const jobs::WorktreeEntry& entry);

}  // namespace worktrees

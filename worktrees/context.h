#pragma once

#include <memory>
#include <string_view>

#include "jobs/ports/workspace.h"
#include "worktrees/git_workspace.h"
#include "worktrees/layout.h"
#include "worktrees/path_lock.h"
#include "worktrees/record.h"
#include "worktrees/remote.h"
#include "worktrees/smudge.h"

/// What every operation of the workspace needs, and the operations themselves, one file each.
/// Private to this room.
namespace worktrees {

struct Context {
  Options options;
  Layout layout;
  jobs::CommandRunner* commands = nullptr;
  jobs::FilterRunner* filters = nullptr;
  std::unique_ptr<GuardedOrigins> guarded = std::make_unique<GuardedOrigins>();

  void say(std::string_view line) const;
  /// Outlived by `repo`.
  [[nodiscard]] RemoteAccess access(const jobs::Repo& repo) const;
  /// What makes files of the repository's blobs. usage: nobody can run its programs.
  [[nodiscard]] jobs::Result<Smudge> smudge(const jobs::Repo& repo) const;
  /// The same for the slot of `record`. What is known of files that other programs made is
  /// forgotten first, and the record says which make them from now on.
  [[nodiscard]] jobs::Result<Smudge> smudge(const jobs::Repo& repo, Record& record) const;
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

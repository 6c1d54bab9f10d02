#include "worktrees/git_workspace.h"

#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "worktrees/context.h"
#include "worktrees/dead_locks.h"
#include "worktrees/git_error.h"
#include "worktrees/git_memory.h"
#include "worktrees/quarantine.h"
#include "worktrees/refresh.h"
#include "worktrees/rescue.h"
#include "worktrees/safe_fs.h"
#include "worktrees/trash.h"

namespace worktrees {

void Context::say(std::string_view line) const {
  if (options.progress) {
    options.progress(line);
  }
}

RemoteAccess Context::access(const jobs::Repo& repo) const {
  RemoteAccess access{.url = repo.remote,
                      .credentials = {},
                      .web = options.web,
                      .guarded = guarded.get(),
                      .auth = repo.auth};
  if (options.credentials) {
    access.credentials = [&source = options.credentials, &repo] {
      return source(repo, repo.remote);
    };
  }
  return access;
}

jobs::Result<Smudge> Context::smudge(const jobs::Repo& repo) const {
  if (!repo.smudge.empty() && filters == nullptr) {
    return jobs::fail(jobs::ErrorKind::usage,
                      fmt::format("nothing here runs the filters of {}", repo.name.str()));
  }
  return Smudge{.programs = repo.smudge,
                .env = repo.env,
                .deadline = options.limits.setup_deadline,
                .folder = {},
                .scratch = {},
                .runner = filters};
}

jobs::Result<Smudge> Context::smudge(const jobs::Repo& repo, Record& record) const {
  if (const std::string key = key_of(repo.smudge); record.smudge != key) {
    std::error_code error;
    std::filesystem::remove(layout.known_files(repo.name, record.slot), error);
    if (error) {
      return system_error(error.value(), "forget", layout.known_files(repo.name, record.slot));
    }
    record.smudge = key;
    RUNNER_TRY(write_record(layout, repo.name, record));
  }
  return smudge(repo);
}

jobs::Result<PathLock> Context::lock(const jobs::RepoName& repo) const {
  RUNNER_TRY(make_directories(layout.root + "/locks"));
  RUNNER_TRY(write_pack_limits(layout.root));
  RUNNER_ASSIGN(PathLock lock, PathLock::acquire(layout.lock(repo), options.lock_patience));
  RUNNER_TRY(drop_dead_locks(layout.mirror(repo)));
  RUNNER_TRY(drop_unadmitted(layout.mirror(repo)));
  return lock;
}

GitWorkspace::GitWorkspace(Options options, jobs::CommandRunner& commands,
                           jobs::FilterRunner* filters)
    : context_(std::make_unique<Context>()) {
  context_->layout.root = options.root;
  context_->options = std::move(options);
  context_->commands = &commands;
  context_->filters = filters;
}

GitWorkspace::~GitWorkspace() = default;

Context& GitWorkspace::git() {
  std::call_once(begun_, [this] {
    start_libgit2();
    read_pack_limits(context_->layout.root);
  });
  return *context_;
}

jobs::Result<jobs::WorktreeFacts> GitWorkspace::observe(const jobs::Repo& repo,
                                                        const jobs::Run& run) {
  return worktrees::observe(git(), repo, run)
      .while_doing(fmt::format("looking at the worktree of run {}", run.id.str()));
}

jobs::Result<jobs::Oid> GitWorkspace::remote_base(const jobs::Repo& repo) {
  return worktrees::remote_base(context_->access(repo), repo.base);
}

jobs::Result<std::optional<std::string>> GitWorkspace::file_at(const jobs::Repo& repo,
                                                               const jobs::Oid& commit,
                                                               const std::string& path) {
  return worktrees::file_at(git(), repo, commit, path)
      .while_doing(fmt::format("reading a file of {}", repo.name.str()));
}

jobs::Result<std::vector<jobs::WorktreeEntry>> GitWorkspace::list() {
  return worktrees::list(*context_);
}

std::vector<Holding> GitWorkspace::holdings() const {
  return inventory(context_->layout);
}

jobs::Result<std::int64_t> GitWorkspace::disk_free() {
  RUNNER_POINT(observe_disk);
  // Also asked by a dry run, which makes nothing: then it is the disk where the root would be.
  std::filesystem::path place = context_->layout.root;
  while (kind_of(place.string()) == PathKind::nothing && place.has_relative_path()) {
    place = place.parent_path();
  }
  RUNNER_ASSIGN(const FreeSpace free, free_space(place.string()));
  return free.bytes;
}

jobs::Result<jobs::Prepared> GitWorkspace::prepare(const jobs::Repo& repo, const jobs::Run& run) {
  RUNNER_ASSIGN(const PathLock lock, git().lock(repo.name));
  return worktrees::prepare(*context_, repo, run)
      .while_doing(
          fmt::format("preparing a worktree of {} for run {}", repo.name.str(), run.id.str()));
}

jobs::Result<jobs::LandResult> GitWorkspace::land(const jobs::Repo& repo,
                                                  const jobs::LandRequest& request) {
  RUNNER_ASSIGN(const PathLock lock, git().lock(repo.name));
  return worktrees::land(*context_, repo, request)
      .while_doing(fmt::format("landing run {} on {} of {}", request.run.id.str(), repo.base,
                               repo.name.str()));
}

jobs::Result<jobs::Oid> GitWorkspace::rescue(const jobs::Repo& repo, const jobs::Run& run) {
  RUNNER_ASSIGN(const PathLock lock, git().lock(repo.name));
  return keep_work(*context_, repo.name, run.id, run.branch)
      .while_doing(fmt::format("keeping the work of run {}", run.id.str()));
}

jobs::Status GitWorkspace::release(const jobs::Repo& repo, const jobs::Run& run) {
  RUNNER_ASSIGN(const PathLock lock, git().lock(repo.name));
  return worktrees::release(*context_, repo, run)
      .while_doing(fmt::format("releasing the worktree of run {}", run.id.str()));
}

jobs::Result<std::string> GitWorkspace::commit_tree(const jobs::Repo& repo,
                                                    const jobs::Oid& commit) {
  RUNNER_ASSIGN(const PathLock lock, git().lock(repo.name));
  return worktrees::commit_tree(*context_, repo, commit)
      .while_doing(fmt::format("making a tree of {} for CI", commit.str()));
}

jobs::Status GitWorkspace::drop_commit_tree(const jobs::Repo& repo, const jobs::Oid& commit) {
  RUNNER_ASSIGN(const PathLock lock, git().lock(repo.name));
  return worktrees::drop_commit_tree(*context_, repo, commit);
}

jobs::Status GitWorkspace::remove_orphan(const jobs::WorktreeEntry& entry) {
  return worktrees::remove_orphan(git(), entry)
      .while_doing(fmt::format("removing the worktree {}", entry.path));
}

jobs::Status GitWorkspace::empty_trash(jobs::Duration patience) {
  return worktrees::empty_trash(context_->layout, patience).while_doing("emptying the trash");
}

}  // namespace worktrees

#include <cstdio>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "worktrees/checkout.h"
#include "worktrees/context.h"
#include "worktrees/disk_budget.h"
#include "worktrees/git_error.h"
#include "worktrees/import.h"
#include "worktrees/materialise.h"
#include "worktrees/mirror.h"
#include "worktrees/refresh.h"
#include "worktrees/safe_fs.h"
#include "worktrees/trash.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;
using jobs::Oid;

/// The commit in the mirror: there already, fetched, or taken over from the checkout.
jobs::Status bring(const Context& context, const jobs::Repo& repo, const Oid& commit) {
  RUNNER_ASSIGN(const Repository mirror, open_or_make_mirror(context.layout, repo.name));
  if (tree_of(mirror.get(), commit)) {
    return jobs::ok();
  }
  RUNNER_TRY(refresh_base(mirror.get(), context.access(repo), repo.base));
  if (tree_of(mirror.get(), commit)) {
    return jobs::ok();
  }
  RUNNER_ASSIGN(const auto refusal, import_commit(mirror.get(), context.layout, repo.name, commit));
  if (refusal) {
    return jobs::fail(ErrorKind::denied,
                      fmt::format("the commit {} is refused: {}", commit.str(), refusal->message));
  }
  return jobs::ok();
}

}  // namespace

jobs::Result<std::string> commit_tree(const Context& context, const jobs::Repo& repo,
                                      const Oid& commit) {
  RUNNER_ASSIGN([[maybe_unused]] const git_oid checked, parse_oid(commit));
  const Layout& layout = context.layout;
  const std::string path = fmt::format("{}/{}", layout.ci(repo.name), commit.str());
  if (kind_of(path) == PathKind::directory) {
    return path;  // Renamed into place when it was complete.
  }
  RUNNER_TRY(bring(context, repo, commit));
  RUNNER_TRY(make_directories(layout.ci(repo.name)));
  const std::string making = fmt::format("{}/.new-{}", layout.ci(repo.name), commit.str());
  RUNNER_TRY(remove_tree(making));
  RUNNER_ASSIGN(Smudge smudge, context.smudge(repo));
  RUNNER_ASSIGN(const Filled filled, materialise(layout, repo.name,
                                                 {.commit = commit,
                                                  .folder = making,
                                                  .smudge = std::move(smudge),
                                                  .room = [&context](const Need& need) {
                                                    return check_space(context, "a tree for CI",
                                                                       need);
                                                  }}));
  // A small repository of its own, so that a test command may ask git, and can reach neither the
  // mirror's refs nor the checkout.
  RUNNER_TRY(make_directories(making + "/.git/refs/heads"));
  RUNNER_TRY(
      write_below(making, ".git/objects/info/alternates", layout.mirror(repo.name) + "/objects\n"));
  RUNNER_TRY(write_below(making, ".git/config",
                         "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"));
  RUNNER_TRY(write_below(making, ".git/HEAD", commit.str() + "\n"));
  RUNNER_TRY(move_below(filled.index, making, ".git/index"));
  RUNNER_POINT(ci_tree_made);
  if (std::rename(making.c_str(), path.c_str()) != 0) {
    return jobs::fail(ErrorKind::transient,
                      fmt::format("cannot put the tree in place at {}", path));
  }
  return path;
}

jobs::Status drop_commit_tree(const Context& context, const jobs::Repo& repo, const Oid& commit) {
  RUNNER_ASSIGN([[maybe_unused]] const git_oid checked, parse_oid(commit));
  const std::string path = fmt::format("{}/{}", context.layout.ci(repo.name), commit.str());
  return kind_of(path) == PathKind::nothing ? jobs::ok() : discard(context.layout, path);
}

}  // namespace worktrees

#include "worktrees/rescue.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/sha256.h"
#include "jobs/base/text.h"
#include "worktrees/checkout.h"
#include "worktrees/commits.h"
#include "worktrees/import.h"
#include "worktrees/mirror.h"
#include "worktrees/record.h"
#include "worktrees/safe_fs.h"
#include "worktrees/snapshot.h"

namespace worktrees {
namespace {

using jobs::Oid;

void add_once(std::vector<Oid>& list, const Oid& oid) {
  if (!oid.empty() && std::ranges::find(list, oid) == list.end()) {
    list.push_back(oid);
  }
}

/// The commits that a run's branch and worktree stand on; the first is the worktree's own.
jobs::Result<std::vector<Oid>> tips_of(const Context& context, const jobs::RepoName& repo,
                                       const std::string& branch,
                                       const std::optional<Record>& record) {
  std::vector<Oid> tips;
  if (record) {
    // An unreadable HEAD is the agent's doing; the branch and the files are kept all the same.
    if (const auto head = worktree_head(context.layout, repo, record->slot)) {
      if (head->branch.empty()) {
        add_once(tips, head->commit);
      } else if (const auto other =
                     checkout_ref(context.layout, repo, "refs/heads/" + head->branch)) {
        add_once(tips, *other);
      }
    }
  }
  if (!branch.empty()) {
    RUNNER_ASSIGN(const Oid head, checkout_ref(context.layout, repo, "refs/heads/" + branch));
    add_once(tips, head);
  }
  return tips;
}

/// The snapshot commit's time is its newest parent's, so that keeping the same state twice gives
/// the same commit.
jobs::Result<Oid> commit_kept(git_repository* mirror, const Oid& tree,
                              const std::vector<Oid>& parents, std::string_view what) {
  NewCommit commit{
      .tree = tree,
      .parents = parents,
      .message = fmt::format(
          "Keep the work of {}\n\nUncommitted files and loose ends, kept by the runner.\n", what)};
  for (const Oid& parent : parents) {
    RUNNER_ASSIGN(const CommitFacts facts, read_commit(mirror, parent));
    commit.at = std::max(commit.at, facts.at);
  }
  return write_commit(mirror, commit);
}

}  // namespace

std::string rescue_ref(const jobs::RunId& run) {
  const bool plain =
      jobs::is_safe_component(run.str()) && std::ranges::all_of(run.str(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_';
      });
  return "refs/runner/rescue/" +
         (plain ? run.str() : "x" + jobs::sha256_hex(run.str()).substr(0, 16));
}

jobs::Result<Oid> keep_work(const Context& context, const jobs::RepoName& repo,
                            const jobs::RunId& run, const std::string& branch) {
  const Layout& layout = context.layout;
  if (kind_of(layout.mirror(repo)) == PathKind::nothing) {
    return Oid();
  }
  RUNNER_ASSIGN(const Repository mirror, open_mirror(layout, repo));
  const auto record = record_of(layout, repo, run);
  RUNNER_ASSIGN(
      std::vector<Oid> tips,
      tips_of(context, repo, owns_branch(layout, repo, run, branch) ? branch : "", record));
  for (const Oid& tip : tips) {
    RUNNER_ASSIGN(const auto refusal,
                  import_commit(mirror.get(), layout, repo, tip, {.check_trees = false}));
    if (refusal) {
      // Not tried again: it does not get smaller by itself, and the run would wait for it.
      return jobs::fail(jobs::ErrorKind::denied,
                        fmt::format("the work is too large to be kept: {}", refusal->message),
                        "it stays in the worktree: make it smaller there, or take it out by hand");
    }
  }
  RUNNER_ASSIGN(const Oid existing, mirror_ref(mirror.get(), rescue_ref(run)));
  Oid tree;
  bool dirty = false;
  if (record && record->ready && kind_of(layout.slot(repo, record->slot)) == PathKind::directory) {
    const Oid top = tips.empty() ? record->base : tips.front();
    RUNNER_ASSIGN(tree, snapshot_tree(layout, repo, layout.slot(repo, record->slot), top,
                                      Cone(record->sparse)));
    RUNNER_ASSIGN(const Oid top_tree, tree_of(mirror.get(), top));
    dirty = tree != top_tree;
    if (dirty) {
      add_once(tips, top);
    }
  }
  bool unpushed = false;
  for (const Oid& tip : tips) {
    RUNNER_ASSIGN(const bool there, on_remote(mirror.get(), tip));
    unpushed = unpushed || !there;
  }
  if (!unpushed && !dirty) {
    return existing;
  }
  if (!existing.empty()) {
    const bool all = std::ranges::all_of(
        tips, [&](const Oid& tip) { return contains(mirror.get(), existing, tip); });
    RUNNER_ASSIGN(const Oid existing_tree, tree_of(mirror.get(), existing));
    if (all && (!dirty || existing_tree == tree)) {
      return existing;
    }
    if (std::ranges::none_of(
            tips, [&](const Oid& tip) { return contains(mirror.get(), tip, existing); })) {
      add_once(tips, existing);
    }
  }
  Oid kept = tips.front();
  if (dirty || tips.size() > 1) {
    if (!dirty) {
      RUNNER_ASSIGN(tree, tree_of(mirror.get(), tips.front()));
    }
    RUNNER_ASSIGN(kept, commit_kept(mirror.get(), tree, tips, "run " + run.str()));
  }
  RUNNER_POINT(rescue_before_ref);
  RUNNER_TRY(set_mirror_ref(mirror.get(), rescue_ref(run), kept));
  RUNNER_POINT(rescue_after_ref);
  // The caller may destroy the original next: what keeps it must survive a power cut.
  RUNNER_TRY(sync_file_system(layout.mirror(repo)));
  context.say(fmt::format("kept the work of run {} as {} ({})", run.str(), rescue_ref(run),
                          kept.str().substr(0, 10)));
  return kept;
}

jobs::Result<Oid> keep_folder(const Context& context, const jobs::RepoName& repo,
                              const std::string& name, const std::string& folder) {
  RUNNER_ASSIGN(const Repository mirror, open_mirror(context.layout, repo));
  RUNNER_ASSIGN(const Oid tree, snapshot_tree(context.layout, repo, folder, Oid(), Cone()));
  RUNNER_ASSIGN(const Oid kept,
                commit_kept(mirror.get(), tree, {}, "the folder " + jobs::one_line(name, 100)));
  RUNNER_TRY(set_mirror_ref(
      mirror.get(), rescue_ref(jobs::RunId("folder-" + name + "-" + kept.str().substr(0, 8))),
      kept));
  RUNNER_TRY(sync_file_system(context.layout.mirror(repo)));
  return kept;
}

}  // namespace worktrees

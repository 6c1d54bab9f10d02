#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "worktrees/checkout.h"
#include "worktrees/commits.h"
#include "worktrees/context.h"
#include "worktrees/mirror.h"
#include "worktrees/record.h"
#include "worktrees/safe_fs.h"
#include "worktrees/snapshot.h"

namespace worktrees {
namespace {

using jobs::Oid;

constexpr std::size_t kMostCommits = 100'000;

/// Why the worktree's HEAD is not where the run's work is expected; "" = it is.
std::string head_problem(const Context& context, git_repository* repository, const jobs::Repo& repo,
                         const Record& record, const Oid& branch_head) {
  const auto head = worktree_head(context.layout, repo.name, record.slot);
  if (!head) {
    return head.error().message;
  }
  if (!head->branch.empty()) {
    return head->branch == record.branch
               ? std::string()
               : fmt::format("the worktree is on branch '{}', not on {}",
                             jobs::one_line(head->branch, 100), record.branch);
  }
  if (branch_head.empty() || contains(repository, branch_head, head->commit)) {
    return {};
  }
  return fmt::format(
      "the worktree is on no branch (detached at {}) with commits that {} does not have",
      head->commit.str().substr(0, 10), record.branch);
}

/// Fills in what the branch's commits say; the problem found, if any.
std::string look_at_commits(git_repository* repository, git_repository* mirror, const Oid& base,
                            jobs::WorktreeFacts& facts) {
  // Before anything walks over them, which reads them whole.
  const auto too_long = long_commit_below(repository, mirror, facts.head, kMostCommits);
  if (!too_long || !too_long->empty()) {
    return too_long ? *too_long
                    : fmt::format("the branch's head {} cannot be read: {}", facts.head.str(),
                                  too_long.error().message);
  }
  auto tree = tree_of(repository, facts.head);
  if (!tree) {
    return fmt::format("the branch's head {} cannot be read: {}", facts.head.str(),
                       tree.error().message);
  }
  facts.head_tree = *tree;
  if (base.empty()) {
    return {};
  }
  auto commits = commits_between(repository, facts.head, {base}, kMostCommits);
  if (!commits) {
    return commits.error().message;
  }
  facts.commits = static_cast<int>(commits->size());
  facts.base_is_ancestor = contains(repository, facts.head, base);
  return {};
}

}  // namespace

jobs::Result<jobs::WorktreeFacts> observe(const Context& context, const jobs::Repo& repo,
                                          const jobs::Run& run) {
  const Layout& layout = context.layout;
  RUNNER_POINT(observe_worktree);
  jobs::WorktreeFacts facts;
  if (kind_of(layout.mirror(repo.name)) == PathKind::nothing || !is_run_branch(run.branch)) {
    return facts;
  }
  const auto record = record_of(layout, repo.name, run.id);
  if (record) {
    facts.problem = folder_problem(layout, repo.name, record->slot);
    facts.exists = facts.problem.empty();
  }
  // From here on everything an agent can have broken is a problem of this run, not a failure of
  // ours.
  auto head = checkout_ref(layout, repo.name, "refs/heads/" + run.branch);
  if (!head) {
    facts.exists = false;
    facts.problem = head.error().message;
    return facts;
  }
  facts.head = *head;
  if (facts.head.empty()) {
    if (record) {
      facts.exists = false;
      facts.problem =
          facts.problem.empty() ? fmt::format("the branch {} is gone", run.branch) : facts.problem;
    }
    return facts;
  }
  auto repository = open_with_checkout(layout, repo.name);
  if (!repository) {
    facts.exists = false;
    facts.problem = repository.error().message;
    return facts;
  }
  RUNNER_ASSIGN(const Repository mirror, open_mirror(layout, repo.name));
  const Oid base = !run.base.empty() || !record ? run.base : record->base;
  std::string problem = look_at_commits(repository->get(), mirror.get(), base, facts);
  if (problem.empty() && facts.exists) {
    problem = head_problem(context, repository->get(), repo, *record, facts.head);
  }
  if (problem.empty() && facts.exists) {
    auto dirty = is_dirty(layout, repo.name, *record, facts.head);
    if (dirty) {
      facts.dirty = *dirty;
    } else {
      problem = dirty.error().message;
    }
  }
  if (!problem.empty()) {
    facts.exists = false;
    facts.problem = facts.problem.empty() ? problem : facts.problem;
  }
  return facts;
}

}  // namespace worktrees

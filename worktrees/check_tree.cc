#include "worktrees/check_tree.h"

#include <set>
#include <string>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/tree_guard.h"

namespace worktrees {
namespace {

using Outcome = jobs::Result<std::optional<Refusal>>;

Outcome check_trees(git_repository* repository, const git_oid& id, const std::string& where,
                    int depth, std::set<std::string>& seen) {
  if (!seen.insert(to_hex(id)).second) {
    return std::optional<Refusal>{};
  }
  if (depth > kDeepestTree) {
    return std::optional(
        Refusal{"hostile-tree", fmt::format("directories nested more than {} deep", kDeepestTree)});
  }
  Tree tree;
  if (const int code = git_tree_lookup(into(tree), repository, &id); code < 0) {
    return git_failure(code, fmt::format("cannot read the tree {}", to_hex(id)));
  }
  if (auto bad = bad_entries(tree.get(), where)) {
    return bad;
  }
  for (size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
    if (git_tree_entry_filemode_raw(entry) != GIT_FILEMODE_TREE) {
      continue;
    }
    RUNNER_ASSIGN(auto refusal,
                  check_trees(repository, *git_tree_entry_id(entry),
                              where + git_tree_entry_name(entry) + "/", depth + 1, seen));
    if (refusal) {
      return refusal;
    }
  }
  return std::optional<Refusal>{};
}

}  // namespace

std::optional<Refusal> bad_entries(const git_tree* tree, const std::string& where) {
  TreeGuard guard;
  for (size_t i = 0; i < git_tree_entrycount(tree); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
    const std::string_view name = git_tree_entry_name(entry);
    const std::string problem =
        guard.problem_of(name, static_cast<std::uint32_t>(git_tree_entry_filemode_raw(entry)));
    if (!problem.empty()) {
      return Refusal{"hostile-tree",
                     fmt::format("the tree entry '{}{}' {}", jobs::one_line(where, 120),
                                 jobs::one_line(name, 80), problem)};
    }
  }
  return std::nullopt;
}

Outcome check_tree(git_repository* repository, const jobs::Oid& tree) {
  RUNNER_ASSIGN(const git_oid id, parse_oid(tree));
  std::set<std::string> seen;
  return check_trees(repository, id, "", 0, seen);
}

}  // namespace worktrees

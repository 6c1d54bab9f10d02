#include "worktrees/check_tree.h"

#include <cstdint>
#include <map>
#include <string>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/tree_guard.h"

namespace worktrees {
namespace {

using Outcome = jobs::Result<std::optional<Refusal>>;

/// More are written nowhere (tree_list.cc).
constexpr std::uint64_t kMostEntries = 1'500'000;

/// Entries at any depth below each tree that was looked at, at most a few more than kMostEntries. A
/// tree may name one below it again and again: what is looked at once can be written a million
/// times.
using Seen = std::map<std::string, std::uint64_t>;

Outcome check_trees(git_repository* repository, const git_oid& id, const std::string& where,
                    int depth, Seen& seen) {
  if (seen.contains(to_hex(id))) {
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
  std::uint64_t entries = git_tree_entrycount(tree.get());
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
    entries += seen[to_hex(*git_tree_entry_id(entry))];
    if (entries > kMostEntries) {
      break;
    }
  }
  if (entries > kMostEntries) {
    return std::optional(
        Refusal{"size", fmt::format("the tree has more than {} entries, in '{}' alone",
                                    kMostEntries, jobs::one_line(where, 120))});
  }
  seen[to_hex(id)] = entries;
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
  Seen seen;
  return check_trees(repository, id, "", 0, seen);
}

}  // namespace worktrees

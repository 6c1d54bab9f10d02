#include "worktrees/check_tree.h"

#include <climits>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/mirror.h"
#include "worktrees/rule_bytes.h"
#include "worktrees/tree_guard.h"

namespace worktrees {
namespace {

using Outcome = jobs::Result<std::optional<Refusal>>;

/// More are written nowhere (tree_list.cc).
constexpr std::uint64_t kMostEntries = 1'500'000;

/// What there is at any depth below a tree.
struct Below {
  std::uint64_t entries = 0;  ///< at most a few more than kMostEntries
  RuleBytes rules;
};

/// Each tree that was looked at. A tree may name one below it again and again: what is looked at
/// once can be written a million times.
using Seen = std::map<std::string, Below>;

/// No file system has a link whose target is empty, too long or has a NUL: whoever lands one leaves
/// a commit that nobody can check out.
Outcome check_link(git_repository* repository, const git_oid& id, const std::string& path) {
  Blob target;
  if (const int code = git_blob_lookup(into(target), repository, &id); code < 0) {
    return git_failure(code, fmt::format("cannot read the link {}", jobs::one_line(path, 200)));
  }
  const auto size = static_cast<std::size_t>(git_blob_rawsize(target.get()));
  if (size > 0 && size < PATH_MAX &&
      std::memchr(git_blob_rawcontent(target.get()), 0, size) == nullptr) {
    return std::optional<Refusal>{};
  }
  return std::optional(Refusal{
      "hostile-tree", fmt::format("the link '{}' leads to no path", jobs::one_line(path, 200))});
}

Outcome rules_refusal(std::string too_many) {
  return too_many.empty() ? std::optional<Refusal>{}
                          : std::optional(Refusal{"size", std::move(too_many)});
}

Outcome check_rules(git_repository* repository, const git_oid& id, const std::string& path,
                    RuleBytes& rules) {
  auto size = object_size(repository, id);
  if (!size) {
    return std::move(size).error().while_doing("reading " + jobs::one_line(path, 200));
  }
  return rules_refusal(rules.add(path, *size));
}

/// What is not a tree.
Outcome check_file(git_repository* repository, const git_tree_entry* entry,
                   const std::string& where, RuleBytes& rules) {
  const std::string path = where + git_tree_entry_name(entry);
  switch (git_tree_entry_filemode_raw(entry)) {
    case GIT_FILEMODE_COMMIT: return std::optional<Refusal>{};
    case GIT_FILEMODE_LINK: return check_link(repository, *git_tree_entry_id(entry), path);
    default:
      return RuleBytes::counts(path)
                 ? check_rules(repository, *git_tree_entry_id(entry), path, rules)
                 : std::optional<Refusal>{};
  }
}

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
  Below below{.entries = git_tree_entrycount(tree.get()), .rules = {}};
  for (size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
    if (git_tree_entry_filemode_raw(entry) != GIT_FILEMODE_TREE) {
      RUNNER_ASSIGN(auto refusal, check_file(repository, entry, where, below.rules));
      if (refusal) {
        return refusal;
      }
      continue;
    }
    RUNNER_ASSIGN(auto refusal,
                  check_trees(repository, *git_tree_entry_id(entry),
                              where + git_tree_entry_name(entry) + "/", depth + 1, seen));
    if (refusal) {
      return refusal;
    }
    const Below& deeper = seen[to_hex(*git_tree_entry_id(entry))];
    RUNNER_ASSIGN(refusal,
                  rules_refusal(below.rules.add(where + git_tree_entry_name(entry), deeper.rules)));
    if (refusal) {
      return refusal;
    }
    below.entries += deeper.entries;
    if (below.entries > kMostEntries) {
      break;
    }
  }
  if (below.entries > kMostEntries) {
    return std::optional(
        Refusal{"size", fmt::format("the tree has more than {} entries, in '{}' alone",
                                    kMostEntries, jobs::one_line(where, 120))});
  }
  seen[to_hex(id)] = below;
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

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
#include "worktrees/rule_bytes.h"
#include "worktrees/tree_guard.h"

namespace worktrees {
namespace {

using Outcome = jobs::Result<std::optional<Refusal>>;

/// More are written nowhere (tree_list.cc).
constexpr std::uint64_t kMostEntries = 1'500'000;

struct Seen {
  /// Entries at any depth below each tree that was looked at, at most a few more than kMostEntries.
  /// A tree may name one below it again and again: what is looked at once can be written a million
  /// times.
  std::map<std::string, std::uint64_t> entries;
  RuleBytes rules;
};

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

Outcome check_rules(git_repository* repository, const git_oid& id, const std::string& path,
                    Seen& seen) {
  Odb odb;
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  int code = git_repository_odb(into(odb), repository);
  code = code < 0 ? code : git_odb_read_header(&size, &type, odb.get(), &id);
  if (code < 0) {
    return git_failure(code, fmt::format("cannot read {}", jobs::one_line(path, 200)));
  }
  std::string too_many = seen.rules.add(path, size);
  return too_many.empty() ? std::optional<Refusal>{}
                          : std::optional(Refusal{"size", std::move(too_many)});
}

/// What is not a tree.
Outcome check_file(git_repository* repository, const git_tree_entry* entry,
                   const std::string& where, Seen& seen) {
  const std::string path = where + git_tree_entry_name(entry);
  switch (git_tree_entry_filemode_raw(entry)) {
    case GIT_FILEMODE_COMMIT: return std::optional<Refusal>{};
    case GIT_FILEMODE_LINK: return check_link(repository, *git_tree_entry_id(entry), path);
    default:
      return RuleBytes::counts(path)
                 ? check_rules(repository, *git_tree_entry_id(entry), path, seen)
                 : std::optional<Refusal>{};
  }
}

Outcome check_trees(git_repository* repository, const git_oid& id, const std::string& where,
                    int depth, Seen& seen) {
  if (seen.entries.contains(to_hex(id))) {
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
      RUNNER_ASSIGN(auto refusal, check_file(repository, entry, where, seen));
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
    entries += seen.entries[to_hex(*git_tree_entry_id(entry))];
    if (entries > kMostEntries) {
      break;
    }
  }
  if (entries > kMostEntries) {
    return std::optional(
        Refusal{"size", fmt::format("the tree has more than {} entries, in '{}' alone",
                                    kMostEntries, jobs::one_line(where, 120))});
  }
  seen.entries[to_hex(id)] = entries;
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

#include "worktrees/import.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/tree_guard.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;
using Outcome = jobs::Result<std::optional<Refusal>>;

constexpr std::size_t kLongestCommit = 1U << 20U;
constexpr int kDeepestTree = 512;

/// The order git keeps a tree's entries in: as bytes, a directory as if its name ended in '/'.
bool in_order(const git_tree_entry* a, const git_tree_entry* b) {
  const auto key = [](const git_tree_entry* entry) {
    std::string name = git_tree_entry_name(entry);
    if (git_tree_entry_filemode_raw(entry) == GIT_FILEMODE_TREE) {
      name += '/';
    }
    return name;
  };
  const std::string first = key(a);
  const std::string second = key(b);
  return std::lexicographical_compare(
      first.begin(), first.end(), second.begin(), second.end(),
      [](char x, char y) { return static_cast<unsigned char>(x) < static_cast<unsigned char>(y); });
}

std::optional<Refusal> bad_entries(const git_tree* tree, const std::string& where) {
  const git_tree_entry* before = nullptr;
  for (size_t i = 0; i < git_tree_entrycount(tree); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
    const std::string name = git_tree_entry_name(entry);
    std::string problem = bad_entry_name(name);
    if (problem.empty()) {
      problem = bad_entry_mode(static_cast<std::uint32_t>(git_tree_entry_filemode_raw(entry)));
    }
    if (problem.empty() && before != nullptr &&
        (name == git_tree_entry_name(before) || !in_order(before, entry))) {
      problem = "stands twice or out of order";
    }
    if (!problem.empty()) {
      return Refusal{"hostile-tree",
                     fmt::format("the tree entry '{}{}' {}", jobs::one_line(where, 120),
                                 jobs::one_line(name, 80), problem)};
    }
    before = entry;
  }
  return std::nullopt;
}

class Importer {
 public:
  Importer(git_repository* source, git_odb* from, git_odb* to, const ImportLimits& limits)
      : source_(source), from_(from), to_(to), limits_(limits) {}

  Outcome commits(const git_oid& top) {
    std::vector<std::pair<git_oid, bool>> stack{{top, false}};
    while (!stack.empty()) {
      auto& [id, parents_done] = stack.back();
      const git_oid current = id;
      if (has(current)) {
        stack.pop_back();
        continue;
      }
      // Before it is read: a commit is taken apart in memory, message and all.
      RUNNER_ASSIGN(auto too_long, long_commit(current));
      if (too_long) {
        return too_long;
      }
      Commit commit;
      if (const int code = git_commit_lookup(into(commit), source_, &current); code < 0) {
        return missing(code, "commit", current);
      }
      if (!parents_done) {
        if (++commits_ > limits_.commits) {
          return std::optional(
              Refusal{"size", fmt::format("more than {} commits", limits_.commits)});
        }
        parents_done = true;
        for (unsigned i = 0; i < git_commit_parentcount(commit.get()); ++i) {
          if (!has(*git_commit_parent_id(commit.get(), i))) {
            stack.emplace_back(*git_commit_parent_id(commit.get(), i), false);
          }
        }
        continue;
      }
      RUNNER_ASSIGN(auto refusal, tree(*git_commit_tree_id(commit.get()), "", 0));
      if (!refusal) {
        RUNNER_ASSIGN(refusal, object(current, GIT_OBJECT_COMMIT));
      }
      if (refusal) {
        return refusal;
      }
      stack.pop_back();
    }
    return std::optional<Refusal>{};
  }

 private:
  [[nodiscard]] bool has(const git_oid& id) const {
    return git_odb_exists_ext(to_, &id, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
  }

  [[nodiscard]] Outcome long_commit(const git_oid& id) const {
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (const int code = git_odb_read_header(&size, &type, from_, &id); code < 0) {
      return missing(code, "commit", id);
    }
    return size <= kLongestCommit
               ? std::optional<Refusal>{}
               : std::optional(Refusal{
                     "size", fmt::format("the commit {} has {} bytes, at most {} are taken over",
                                         to_hex(id), size, kLongestCommit)});
  }

  static jobs::Error missing(int code, std::string_view what, const git_oid& id) {
    jobs::Error error = git_failure(code, fmt::format("cannot read the {} {}", what, to_hex(id)));
    return std::move(error).with_hint(
        "the objects of the checkout are damaged; release the run to start over");
  }

  Outcome tree(const git_oid& id, const std::string& where, int depth) {
    if (has(id)) {
      return std::optional<Refusal>{};
    }
    if (depth > kDeepestTree) {
      return std::optional(Refusal{
          "hostile-tree", fmt::format("directories nested more than {} deep", kDeepestTree)});
    }
    Tree found;
    if (const int code = git_tree_lookup(into(found), source_, &id); code < 0) {
      return missing(code, "tree", id);
    }
    if (auto bad = limits_.check_trees ? bad_entries(found.get(), where) : std::nullopt) {
      return bad;
    }
    for (size_t i = 0; i < git_tree_entrycount(found.get()); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(found.get(), i);
      const git_oid child = *git_tree_entry_id(entry);
      std::optional<Refusal> refusal;
      if (git_tree_entry_filemode_raw(entry) == GIT_FILEMODE_TREE) {
        RUNNER_ASSIGN(refusal, tree(child, where + git_tree_entry_name(entry) + "/", depth + 1));
      } else if (git_tree_entry_filemode_raw(entry) != GIT_FILEMODE_COMMIT) {
        RUNNER_ASSIGN(refusal, object(child, GIT_OBJECT_BLOB));
      }
      if (refusal) {
        return refusal;
      }
    }
    return object(id, GIT_OBJECT_TREE);
  }

  Outcome object(const git_oid& id, git_object_t expected) {
    if (has(id)) {
      return std::optional<Refusal>{};
    }
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (const int code = git_odb_read_header(&size, &type, from_, &id); code < 0) {
      return missing(code, git_object_type2string(expected), id);
    }
    if (type != expected) {
      return std::optional(
          Refusal{"hostile-tree",
                  fmt::format("{} is a {} where a {} is named", to_hex(id),
                              git_object_type2string(type), git_object_type2string(expected))});
    }
    bytes_ += static_cast<std::int64_t>(size);
    if (static_cast<std::int64_t>(size) > limits_.object_bytes || bytes_ > limits_.total_bytes) {
      return std::optional(Refusal{
          "size",
          fmt::format("an object of {} bytes, {} in all, is too much to take over", size, bytes_)});
    }
    OdbObject content;
    if (const int code = git_odb_read(into(content), from_, &id); code < 0) {
      return missing(code, git_object_type2string(expected), id);
    }
    git_oid written{};
    if (const int code = git_odb_write(&written, to_, git_odb_object_data(content.get()),
                                       git_odb_object_size(content.get()), type);
        code < 0) {
      return git_failure(code,
                         fmt::format("cannot write the object {} into the mirror", to_hex(id)));
    }
    if (git_oid_equal(&written, &id) == 0) {
      return jobs::fail(ErrorKind::corrupt, fmt::format("the object {} has the content of {}",
                                                        to_hex(id), to_hex(written)));
    }
    return std::optional<Refusal>{};
  }

  git_repository* source_;
  git_odb* from_;
  git_odb* to_;
  ImportLimits limits_;
  std::int64_t commits_ = 0;
  std::int64_t bytes_ = 0;
};

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

Outcome import_commit(git_repository* mirror, git_repository* source, const jobs::Oid& commit,
                      const ImportLimits& limits) {
  RUNNER_ASSIGN(const git_oid id, parse_oid(commit));
  Odb to;
  Odb from;
  int code = git_repository_odb(into(to), mirror);
  code = code < 0 ? code : git_repository_odb(into(from), source);
  code = code < 0 ? code : git_odb_refresh(to.get());
  if (code < 0) {
    return git_failure(code, "cannot open the object database");
  }
  return Importer(source, from.get(), to.get(), limits).commits(id);
}

Outcome check_tree(git_repository* repository, const jobs::Oid& tree) {
  RUNNER_ASSIGN(const git_oid id, parse_oid(tree));
  std::set<std::string> seen;
  return check_trees(repository, id, "", 0, seen);
}

}  // namespace worktrees

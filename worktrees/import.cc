#include "worktrees/import.h"

#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "worktrees/commits.h"
#include "worktrees/git_error.h"
#include "worktrees/mirror.h"
#include "worktrees/object_stream.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;
using Outcome = jobs::Result<std::optional<Refusal>>;

/// Git's own tools write no commit with more; each further one makes every walk through the history
/// longer.
constexpr unsigned kMostParents = 64;

class Importer {
 public:
  Importer(git_repository* source, std::string objects, git_odb* from, git_odb* to,
           const ImportLimits& limits)
      : source_(source), objects_(std::move(objects)), from_(from), to_(to), limits_(limits) {}

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
      RUNNER_ASSIGN(const std::string too_long, long_commit(from_, current));
      if (!too_long.empty()) {
        return std::optional(Refusal{"size", too_long});
      }
      Commit commit;
      if (const int code = git_commit_lookup(into(commit), source_, &current); code < 0) {
        return missing(code, "commit", current);
      }
      if (git_commit_parentcount(commit.get()) > kMostParents) {
        return std::optional(
            Refusal{"size", fmt::format("the commit {} has {} parents, at most {}", to_hex(current),
                                        git_commit_parentcount(commit.get()), kMostParents)});
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
    git_oid written{};
    RUNNER_TRY(copy(id, type, size, written));
    if (git_oid_equal(&written, &id) == 0) {
      return jobs::fail(ErrorKind::corrupt, fmt::format("the object {} has the content of {}",
                                                        to_hex(id), to_hex(written)));
    }
    return std::optional<Refusal>{};
  }

  /// Bounded in memory where the object has a file of its own, as all that an agent makes has
  /// until git packs it.
  jobs::Status copy(const git_oid& id, git_object_t type, std::size_t size, git_oid& written) {
    OdbStream out;
    int code = git_odb_open_wstream(into(out), to_, size, type);
    jobs::Status read = jobs::ok();
    if (code >= 0) {
      read = stream_object(from_, objects_, id, [&](std::string_view piece) {
        code = git_odb_stream_write(out.get(), piece.data(), piece.size());
        return code < 0 ? jobs::Status(cannot_write(code, id)) : jobs::ok();
      });
    }
    RUNNER_TRY(std::move(read));
    code = code < 0 ? code : git_odb_stream_finalize_write(&written, out.get());
    return code < 0 ? jobs::Status(cannot_write(code, id)) : jobs::ok();
  }

  static jobs::Error cannot_write(int code, const git_oid& id) {
    return git_failure(code, fmt::format("cannot write the object {} into the mirror", to_hex(id)));
  }

  git_repository* source_;
  std::string objects_;
  git_odb* from_;
  git_odb* to_;
  ImportLimits limits_;
  std::int64_t commits_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace

Outcome import_commit(git_repository* mirror, const Layout& layout, const jobs::RepoName& repo,
                      const jobs::Oid& commit, const ImportLimits& limits) {
  RUNNER_ASSIGN(const Repository source, open_with_checkout(layout, repo));
  RUNNER_ASSIGN(const git_oid id, parse_oid(commit));
  Odb to;
  Odb from;
  int code = git_repository_odb(into(to), mirror);
  code = code < 0 ? code : git_repository_odb(into(from), source.get());
  code = code < 0 ? code : git_odb_refresh(to.get());
  if (code < 0) {
    return git_failure(code, "cannot open the object database");
  }
  return Importer(source.get(), layout.checkout_objects(repo), from.get(), to.get(), limits)
      .commits(id);
}

}  // namespace worktrees

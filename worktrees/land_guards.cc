#include "worktrees/land_guards.h"

#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/land_text.h"
#include "worktrees/mirror.h"

namespace worktrees {
namespace {

using jobs::Oid;
using Outcome = jobs::Result<std::optional<Refusal>>;

Refusal refuse(std::string rule, std::string message) {
  return {std::move(rule), std::move(message)};
}

jobs::Result<Diff> diff_between(git_repository* mirror, const Oid& from, const Oid& to) {
  RUNNER_ASSIGN(const Oid old_tree, tree_of(mirror, from));
  RUNNER_ASSIGN(const Oid new_tree, tree_of(mirror, to));
  RUNNER_ASSIGN(const git_oid old_id, parse_oid(old_tree));
  RUNNER_ASSIGN(const git_oid new_id, parse_oid(new_tree));
  Tree before;
  Tree after;
  Diff diff;
  git_diff_options options = GIT_DIFF_OPTIONS_INIT;
  options.context_lines = 0;
  // Attributes of the repository must not make a text "binary" and hide its lines from us.
  options.flags =
      GIT_DIFF_FORCE_TEXT | GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_INCLUDE_TYPECHANGE_TREES;
  int code = git_tree_lookup(into(before), mirror, &old_id);
  code = code < 0 ? code : git_tree_lookup(into(after), mirror, &new_id);
  code = code < 0 ? code
                  : git_diff_tree_to_tree(into(diff), mirror, before.get(), after.get(), &options);
  if (code < 0) {
    return git_failure(code, fmt::format("cannot compare {} with {}", from.str(), to.str()));
  }
  return diff;
}

std::optional<Refusal> protected_path(const jobs::Repo& repo, git_diff* diff) {
  for (size_t i = 0; i < git_diff_num_deltas(diff); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff, i);
    for (const std::string_view path :
         {std::string_view(delta->old_file.path), std::string_view(delta->new_file.path)}) {
      for (const std::string& glob : repo.protected_paths) {
        if (glob_matches(glob, path) && !RUNNER_PLANTED(protected_path_lands)) {
          return refuse("protected-path",
                        fmt::format("{} is protected by '{}'", jobs::one_line(path, 120),
                                    jobs::one_line(glob, 80)));
        }
      }
    }
  }
  return std::nullopt;
}

/// Bytes and conflict markers of the added lines of one diff.
struct LineScan {
  std::int64_t bytes = 0;
  std::string file;
  bool opened = false;
  std::string marked;  ///< first file with a pair of markers
};

int on_file(const git_diff_delta* delta, float /*progress*/, void* payload) {
  auto* scan = static_cast<LineScan*>(payload);
  scan->file = delta->new_file.path;
  scan->opened = false;
  return 0;
}

int on_line(const git_diff_delta* /*delta*/, const git_diff_hunk* /*hunk*/,
            const git_diff_line* line, void* payload) {
  auto* scan = static_cast<LineScan*>(payload);
  if (line->origin != GIT_DIFF_LINE_ADDITION) {
    return 0;
  }
  const std::string_view text(line->content, line->content_len);
  scan->bytes += static_cast<std::int64_t>(text.size());
  if (text.starts_with("<<<<<<< ")) {
    scan->opened = true;
  } else if (text.starts_with(">>>>>>> ") && scan->opened && scan->marked.empty()) {
    scan->marked = scan->file;
  }
  return 0;
}

/// Sizes by header only, so that a huge object is refused before it is read.
std::int64_t biggest_new_file(git_odb* odb, git_diff* diff) {
  std::int64_t biggest = 0;
  for (size_t i = 0; i < git_diff_num_deltas(diff); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff, i);
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (delta->status != GIT_DELTA_DELETED &&
        git_odb_read_header(&size, &type, odb, &delta->new_file.id) == 0) {
      biggest = std::max(biggest, static_cast<std::int64_t>(size));
    }
  }
  return biggest;
}

Outcome guard_net_change(git_repository* mirror, const jobs::Repo& repo, const jobs::Limits& limits,
                         const Landing& landing) {
  RUNNER_ASSIGN(const Diff diff, diff_between(mirror, landing.base, landing.head));
  if (auto refusal = protected_path(repo, diff.get())) {
    return refusal;
  }
  const auto files = static_cast<std::int64_t>(git_diff_num_deltas(diff.get()));
  if (files > limits.land_changed_files) {
    return std::optional(refuse(
        "size", fmt::format("{} changed files, {} are allowed", files, limits.land_changed_files)));
  }
  Odb odb;
  if (const int code = git_repository_odb(into(odb), mirror); code < 0) {
    return git_failure(code, "cannot open the object database");
  }
  // A changed big file may add few bytes, but nothing reviewed by a machine needs one four times
  // the limit.
  if (const std::int64_t biggest = biggest_new_file(odb.get(), diff.get());
      biggest > 4 * limits.land_changed_bytes) {
    return std::optional(refuse("size", fmt::format("a changed file of {} bytes", biggest)));
  }
  LineScan scan;
  if (const int code = git_diff_foreach(diff.get(), on_file, nullptr, nullptr, on_line, &scan);
      code < 0) {
    return git_failure(code, "cannot read the changed lines");
  }
  if (scan.bytes > limits.land_changed_bytes) {
    return std::optional(refuse("size", fmt::format("{} added bytes, {} are allowed", scan.bytes,
                                                    limits.land_changed_bytes)));
  }
  if (!scan.marked.empty()) {
    return std::optional(refuse("conflict-markers", fmt::format("{} has conflict markers",
                                                                jobs::one_line(scan.marked, 120))));
  }
  return std::optional<Refusal>{};
}

}  // namespace

Outcome guard_origin(git_repository* mirror, const Landing& landing, const Oid& start,
                     const std::string& base_branch) {
  for (const Oid& commit : landing.commits) {
    if (!start.empty() && !contains(mirror, commit, start)) {
      return std::optional(refuse(
          "foreign-commit", fmt::format("commit {} does not descend from {}, where the run began",
                                        commit.str().substr(0, 10), start.str().substr(0, 10))));
    }
  }
  ReferenceIterator iterator;
  if (const int code =
          git_reference_iterator_glob_new(into(iterator), mirror, "refs/remotes/origin/*");
      code < 0) {
    return git_failure(code, "cannot list the remote's branches in the mirror");
  }
  Reference reference;
  while (git_reference_next(into(reference), iterator.get()) == 0) {
    const git_oid* target = git_reference_target(reference.get());
    const std::string name = git_reference_name(reference.get());
    if (target == nullptr || name == "refs/remotes/origin/" + base_branch) {
      continue;
    }
    for (const Oid& commit : landing.commits) {
      if (contains(mirror, to_oid(*target), commit)) {
        return std::optional(
            refuse("foreign-commit",
                   fmt::format("commit {} is on the remote's branch {} already",
                               commit.str().substr(0, 10), jobs::one_line(name.substr(20), 80))));
      }
    }
  }
  return std::optional<Refusal>{};
}

Outcome guard_content(git_repository* mirror, const jobs::Repo& repo, const jobs::Limits& limits,
                      const Landing& landing) {
  for (const Oid& id : landing.commits) {
    RUNNER_ASSIGN(const CommitFacts commit, read_commit(mirror, id));
    RUNNER_ASSIGN(auto refusal, check_tree(mirror, commit.tree));
    if (refusal) {
      return refusal;
    }
    if (const auto token = ci_skip_token(commit.message)) {
      return std::optional(refuse("ci-skip-token", fmt::format("the message of commit {} says {}",
                                                               id.str().substr(0, 10), *token)));
    }
    // What a commit did and a later one undid is not in the net change. A merge brings the other
    // side's paths along and is judged by the net change alone.
    if (commit.parents.size() == 1) {
      RUNNER_ASSIGN(const Diff diff, diff_between(mirror, commit.parents.front(), id));
      if (auto bad = protected_path(repo, diff.get())) {
        return bad;
      }
    }
  }
  return guard_net_change(mirror, repo, limits, landing);
}

}  // namespace worktrees

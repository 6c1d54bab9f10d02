#include "worktrees/land_guards.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/ascii.h"
#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/gitmodules.h"
#include "worktrees/land_lines.h"
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
  options.flags = GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_INCLUDE_TYPECHANGE_TREES;
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

/// A file or link whose object is none: everybody could fetch it and nobody check it out. An agent
/// can name any object of the repository so, also one that was in the mirror before.
Outcome named_wrong(git_repository* mirror, git_diff* diff) {
  Odb odb;
  if (const int code = git_repository_odb(into(odb), mirror); code < 0) {
    return git_failure(code, "cannot open the objects of the mirror");
  }
  for (size_t i = 0; i < git_diff_num_deltas(diff); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff, i);
    const git_diff_file& file = delta->new_file;
    if (delta->status == GIT_DELTA_DELETED || file.mode == GIT_FILEMODE_COMMIT) {
      continue;
    }
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (const int code = git_odb_read_header(&size, &type, odb.get(), &file.id); code < 0) {
      return git_failure(code, fmt::format("cannot read '{}'", jobs::one_line(file.path, 120)));
    }
    if (type != (file.mode == GIT_FILEMODE_TREE ? GIT_OBJECT_TREE : GIT_OBJECT_BLOB)) {
      return std::optional(refuse("hostile-tree", fmt::format("'{}' is named as a file and is a {}",
                                                              jobs::one_line(file.path, 120),
                                                              git_object_type2string(type))));
    }
  }
  return std::optional<Refusal>{};
}

/// A `.gitmodules` that git itself would not follow: a link, or one with what git refuses. Whoever
/// clones the base with an older git would pay for it.
Outcome submodules(git_repository* mirror, git_diff* diff) {
  constexpr size_t kMostBytes = size_t{1} << 20U;
  Odb odb;
  if (const int code = git_repository_odb(into(odb), mirror); code < 0) {
    return git_failure(code, "cannot open the objects of the mirror");
  }
  for (size_t i = 0; i < git_diff_num_deltas(diff); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff, i);
    const git_diff_file& file = delta->new_file;
    if (delta->status == GIT_DELTA_DELETED || jobs::ascii_lower(file.path) != ".gitmodules") {
      continue;
    }
    std::string problem = "it is a link (gitmodulesSymlink)";
    if (file.mode != GIT_FILEMODE_LINK) {
      size_t size = 0;
      git_object_t type = GIT_OBJECT_INVALID;
      Blob blob;
      int code = git_odb_read_header(&size, &type, odb.get(), &file.id);
      if (code == 0 && size > kMostBytes) {
        return std::optional(refuse("hostile-submodule",
                                    fmt::format("{}: {} bytes, {} are allowed",
                                                jobs::one_line(file.path, 120), size, kMostBytes)));
      }
      code = code < 0 ? code : git_blob_lookup(into(blob), mirror, &file.id);
      if (code < 0) {
        return git_failure(code, "cannot read .gitmodules");
      }
      problem = gitmodules_problem({static_cast<const char*>(git_blob_rawcontent(blob.get())),
                                    static_cast<std::size_t>(git_blob_rawsize(blob.get()))});
    }
    if (!problem.empty()) {
      return std::optional(refuse("hostile-submodule",
                                  fmt::format("{}: {}", jobs::one_line(file.path, 120), problem)));
    }
  }
  return std::optional<Refusal>{};
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
  // A changed big file may add few bytes, but nothing reviewed by a machine needs one four times
  // the limit.
  RUNNER_ASSIGN(const std::int64_t biggest, biggest_new_file(mirror, diff.get()));
  if (biggest > 4 * limits.land_changed_bytes) {
    return std::optional(refuse("size", fmt::format("a changed file of {} bytes, {} are allowed",
                                                    biggest, 4 * limits.land_changed_bytes)));
  }
  RUNNER_ASSIGN(const AddedLines added, added_lines(mirror, diff.get()));
  if (added.bytes > limits.land_changed_bytes) {
    return std::optional(refuse(
        "size",
        fmt::format("{} added bytes, {} are allowed{}", added.bytes, limits.land_changed_bytes,
                    added.taken_whole.empty()
                        ? ""
                        : fmt::format(" ({} is too long to be compared: all of it counts)",
                                      jobs::one_line(added.taken_whole, 120)))));
  }
  if (!added.marked.empty()) {
    return std::optional(
        refuse("conflict-markers",
               fmt::format("{} has conflict markers", jobs::one_line(added.marked, 120))));
  }
  return std::optional<Refusal>{};
}

}  // namespace

Outcome guard_origin(git_repository* mirror, const Landing& landing, const Oid& start,
                     const std::vector<std::string>& own) {
  for (const Oid& commit : landing.commits) {
    if (!start.empty() && !contains(mirror, commit, start)) {
      return std::optional(refuse(
          "foreign-commit", fmt::format("commit {} does not descend from {}, where the run began",
                                        commit.str().substr(0, 10), start.str().substr(0, 10))));
    }
  }
  RUNNER_ASSIGN(const auto branches, remote_branches(mirror));
  for (const auto& [name, head] : branches) {
    if (std::ranges::find(own, name) != own.end()) {
      continue;
    }
    for (const Oid& commit : landing.commits) {
      if (contains(mirror, head, commit)) {
        return std::optional(refuse(
            "foreign-commit", fmt::format("commit {} is on the remote's branch {} already",
                                          commit.str().substr(0, 10), jobs::one_line(name, 80))));
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
    if (!commit.parents.empty()) {
      RUNNER_ASSIGN(const Diff diff, diff_between(mirror, commit.parents.front(), id));
      RUNNER_ASSIGN(refusal, named_wrong(mirror, diff.get()));
      if (!refusal) {
        RUNNER_ASSIGN(refusal, submodules(mirror, diff.get()));
      }
      if (!refusal && commit.parents.size() == 1) {
        refusal = protected_path(repo, diff.get());
      }
      if (refusal) {
        return refusal;
      }
    }
  }
  return guard_net_change(mirror, repo, limits, landing);
}

jobs::LandResult rejected(std::string rule, std::string_view message) {
  jobs::LandResult result{.kind = jobs::LandResult::Kind::rejected};
  result.rule = std::move(rule);
  result.message = jobs::one_line(message, 400);
  return result;
}

}  // namespace worktrees

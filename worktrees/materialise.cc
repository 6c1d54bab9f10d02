#include "worktrees/materialise.h"

#include <fcntl.h>

#include <cerrno>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "worktrees/convert.h"
#include "worktrees/fd.h"
#include "worktrees/git_error.h"
#include "worktrees/import.h"
#include "worktrees/index_file.h"
#include "worktrees/mirror.h"
#include "worktrees/objects/store.h"
#include "worktrees/safe_fs.h"
#include "worktrees/tree_list.h"
#include "worktrees/write_tree.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;

jobs::Error refused(const jobs::Oid& commit, const Refusal& refusal) {
  return jobs::fail(ErrorKind::denied, fmt::format("the commit {} is not written to disk: {}",
                                                   commit.str(), refusal.message));
}

/// Untracked, not ignored files go; anything else that differs from the index is a failure of ours
/// to write it.
jobs::Status tidy(git_repository* repository, git_index* index, const std::string& folder,
                  Leftovers leftovers) {
  git_diff_options options = GIT_DIFF_OPTIONS_INIT;
  options.flags = GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_UPDATE_INDEX | GIT_DIFF_IGNORE_SUBMODULES;
  Diff diff;
  if (const int code = git_diff_index_to_workdir(into(diff), repository, index, &options);
      code < 0) {
    return git_failure(code, fmt::format("cannot compare {} with its commit", folder));
  }
  for (size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff.get(), i);
    const std::string path = delta->new_file.path;
    if (delta->status == GIT_DELTA_UNTRACKED) {
      if (leftovers == Leftovers::remove) {
        RUNNER_TRY(remove_tree(folder + "/" +
                               (path.ends_with('/') ? path.substr(0, path.size() - 1) : path)));
      }
      continue;
    }
    return jobs::fail(ErrorKind::conflict, fmt::format("{} of {} could not be written",
                                                       jobs::one_line(path, 120), folder));
  }
  return jobs::ok();
}

/// Removes what stands in the way of `tree` under another type. libgit2 writes a file into whatever
/// its path leads to: through a link that replaced a directory or the file itself, and into a file
/// that has a second name elsewhere.
jobs::Status clear_way(git_repository* repository, const git_tree* tree,
                       const std::string& folder) {
  for (size_t i = 0; i < git_tree_entrycount(tree); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
    const std::string path = folder + "/" + git_tree_entry_name(entry);
    const PathKind kind = kind_of(path);
    if (kind == PathKind::nothing) {
      continue;
    }
    const git_filemode_t mode = git_tree_entry_filemode(entry);
    const PathKind wanted = mode == GIT_FILEMODE_TREE || mode == GIT_FILEMODE_COMMIT
                                ? PathKind::directory
                            : mode == GIT_FILEMODE_LINK ? PathKind::link
                                                        : PathKind::file;
    if (kind != wanted || (kind == PathKind::file && has_other_names(path))) {
      RUNNER_TRY(remove_tree(path));
      continue;
    }
    if (mode == GIT_FILEMODE_TREE) {
      Tree below;
      if (const int code = git_tree_lookup(into(below), repository, git_tree_entry_id(entry));
          code < 0) {
        return git_failure(code, fmt::format("cannot read the tree of {}", folder));
      }
      RUNNER_TRY(clear_way(repository, below.get(), path));
    }
  }
  return jobs::ok();
}

/// Into an empty folder: nothing to compare, and nothing in the way.
jobs::Status write_new(git_repository* repository, const jobs::Oid& commit, const git_oid& tree,
                       const std::string& folder, const std::string& index_file) {
  RUNNER_ASSIGN(const git_oid id, parse_oid(commit));
  const auto store = objects::Store::open(std::string(git_repository_path(repository)) + "objects");
  Odb odb;
  if (const int code = git_repository_odb(into(odb), repository); code < 0) {
    return git_failure(code, "cannot open the objects of the mirror");
  }
  objects::AnyObject reader(store, odb.get());
  RUNNER_ASSIGN(const ListedTree listed, list_tree(reader, tree));
  if (listed.refusal) {
    return refused(commit, *listed.refusal);
  }
  RUNNER_ASSIGN(Converter converter, Converter::open(listed.list, reader, repository, id));
  RUNNER_ASSIGN(const std::vector<FileStat> stats,
                write_tree(listed.list, store, odb.get(), folder, converter));
  RUNNER_POINT(checkout_written);
  const Fd index(::open(index_file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!index.ok()) {
    return system_error(errno, "make the index", index_file);
  }
  return index_of(listed.list, stats, [&](std::string_view piece) {
    return write_all(index.get(), piece)
               ? jobs::ok()
               : jobs::Status(system_error(errno, "write the index", index_file));
  });
}

}  // namespace

jobs::Result<std::string> materialise(const Layout& layout, const jobs::RepoName& repo,
                                      const jobs::Oid& commit, const std::string& folder,
                                      Leftovers leftovers) {
  RUNNER_TRY(make_directories(layout.scratch()));
  RUNNER_TRY(make_directories(folder));
  const std::string index_file = fmt::format("{}/{}", layout.scratch(), unique_name("index"));
  RUNNER_ASSIGN(const Repository repository, open_mirror(layout, repo));
  RUNNER_ASSIGN(const jobs::Oid tree_id, tree_of(repository.get(), commit));
  RUNNER_ASSIGN(const git_oid id, parse_oid(tree_id));
  if (names_in(folder).empty()) {
    RUNNER_TRY(write_new(repository.get(), commit, id, folder, index_file));
    return index_file;
  }
  RUNNER_ASSIGN(const auto refusal, check_tree(repository.get(), tree_id));
  if (refusal) {
    return refused(commit, *refusal);
  }
  Tree tree;
  Index index;
  int code = git_tree_lookup(into(tree), repository.get(), &id);
  code = code < 0 ? code : git_index_open(into(index), index_file.c_str());
  code = code < 0 ? code : git_index_read_tree(index.get(), tree.get());
  code = code < 0 ? code : git_repository_set_workdir(repository.get(), folder.c_str(), 0);
  if (code >= 0) {
    code = git_repository_set_index(repository.get(), index.get());
  }
  if (code < 0) {
    return git_failure(code, fmt::format("cannot prepare to write {}", folder));
  }
  RUNNER_TRY(clear_way(repository.get(), tree.get(), folder));
  git_checkout_options options = GIT_CHECKOUT_OPTIONS_INIT;
  // The baseline is the target itself: "put back whatever is not like that", so equal files keep
  // their times.
  options.checkout_strategy = GIT_CHECKOUT_FORCE | GIT_CHECKOUT_RECREATE_MISSING;
  options.baseline = tree.get();
  code = git_checkout_tree(repository.get(), reinterpret_cast<const git_object*>(tree.get()),
                           &options);
  if (code < 0) {
    return git_failure(code,
                       fmt::format("cannot write the files of {} into {}", commit.str(), folder));
  }
  RUNNER_POINT(checkout_written);
  RUNNER_TRY(tidy(repository.get(), index.get(), folder, leftovers));
  if (code = git_index_write(index.get()); code < 0) {
    return git_failure(code, fmt::format("cannot write the index of {}", folder));
  }
  return index_file;
}

}  // namespace worktrees

#include "worktrees/materialise.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "worktrees/beneath.h"
#include "worktrees/convert.h"
#include "worktrees/directory.h"
#include "worktrees/fd.h"
#include "worktrees/folder_scan.h"
#include "worktrees/git_error.h"
#include "worktrees/kept_index.h"
#include "worktrees/known_files.h"
#include "worktrees/lookout.h"
#include "worktrees/mirror.h"
#include "worktrees/objects/store.h"
#include "worktrees/rule_bytes.h"
#include "worktrees/safe_fs.h"
#include "worktrees/sibling.h"
#include "worktrees/sparse.h"
#include "worktrees/tidier.h"
#include "worktrees/tree_list.h"
#include "worktrees/workers.h"
#include "worktrees/write_tree.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;

/// Leaves what of the known files is on the disk. Returns the list of all of them if that is
/// another.
TreeList drop_unwritten(KnownFiles& known) {
  if (std::ranges::find(known.written, false) == known.written.end()) {
    return {};
  }
  TreeList all = std::exchange(known.list, chosen(known.list, known.written));
  std::vector<FileStat> stats;
  for (std::size_t i = 0; i < known.stats.size(); ++i) {
    if (known.written[i]) {
      stats.push_back(known.stats[i]);
    }
  }
  known.stats = std::move(stats);
  known.notes.directories.clear();
  known.written.assign(known.stats.size(), true);
  return all;
}

/// What was made has what is in the list and nothing else. Of the others it is known from before
/// they were written to: where an entry came or went, their stat is another one now.
void note_new_ones(const TreeList& list, const std::vector<bool>& there, int root,
                   std::vector<FileStat>& directories) {
  for (std::size_t i = 1; i < directories.size(); ++i) {
    if (there[i]) {
      continue;
    }
    const Fd made(open_beneath(root, list.path(list.directories[i]).data(), O_PATH | O_DIRECTORY));
    struct stat info{};
    if (made.ok() && ::fstat(made.get(), &info) == 0) {
      directories[i] = stat_of(info);
    }
  }
}

/// What can be believed of the folder, or of the sibling of an empty one.
KnownFiles known_before(const FolderWish& wish, bool empty, const std::string& boot) {
  if (empty) {
    return wish.sibling.empty() ? KnownFiles{} : read_known_files(wish.sibling_known);
  }
  KnownFiles known = wish.known.empty() ? KnownFiles{} : read_known_files(wish.known);
  return boot.empty() || known.notes.boot != boot ? KnownFiles{} : std::move(known);
}

/// Are the rules of the tree few enough to be shown to libgit2?
jobs::Status check_rules(const TreeList& list, objects::AnyObject& objects) {
  RuleBytes rules;
  for (const TreeList::File& file : list.files) {
    if (RuleBytes::counts(list.path(file)) && file.mode != GIT_FILEMODE_LINK &&
        file.mode != GIT_FILEMODE_COMMIT) {
      RUNNER_ASSIGN(const objects::ObjectPtr object, objects.read(file.id, GIT_OBJECT_BLOB));
      if (std::string too_many = rules.add(list.path(file), object->size); !too_many.empty()) {
        return jobs::fail(ErrorKind::denied, std::move(too_many));
      }
    }
  }
  return jobs::ok();
}

}  // namespace

jobs::Result<Filled> materialise(const Layout& layout, const jobs::RepoName& repo,
                                 const FolderWish& wish) {
  RUNNER_TRY(make_directories(layout.scratch()));
  RUNNER_TRY(make_directories(wish.folder));
  const Fd root = open_folder(wish.folder);
  if (!root.ok()) {
    // Whatever its last user did to it: another folder could be filled.
    return jobs::fail(ErrorKind::conflict, system_error(errno, "open", wish.folder).message);
  }
  const bool empty = names_in(wish.folder).empty();
  const std::string boot = this_boot();
  KnownFiles known = known_before(wish, empty, boot);
  const TreeList all_known = drop_unwritten(known);
  // What was written there is looked at while the new tree is listed.
  std::optional<Lookout> lookout;
  if (!empty) {
    lookout.emplace(root.get(), known);
  }
  RUNNER_ASSIGN(const Repository repository, open_mirror(layout, repo));
  RUNNER_ASSIGN(const git_oid commit, parse_oid(wish.commit));
  RUNNER_ASSIGN(const jobs::Oid tree, tree_of(repository.get(), wish.commit));
  RUNNER_ASSIGN(const git_oid tree_id, parse_oid(tree));
  const auto store =
      objects::Store::open(std::string(git_repository_path(repository.get())) + "objects");
  Odb odb;
  if (const int code = git_repository_odb(into(odb), repository.get()); code < 0) {
    return git_failure(code, "cannot open the objects of the mirror");
  }
  objects::AnyObject reader(store, odb.get());
  RUNNER_ASSIGN(ListedTree listed,
                list_tree(reader, tree_id, all_known.files.empty() ? known.list : all_known));
  if (listed.refusal) {
    return jobs::fail(ErrorKind::denied, fmt::format("the commit {} is not written to disk: {}",
                                                     wish.commit.str(), listed.refusal->message));
  }
  RUNNER_TRY(check_rules(listed.list, reader));
  const Cone cone(wish.sparse);
  std::vector<bool> written;
  TreeList part;
  if (!cone.all()) {
    written = in_cone(listed.list, cone);
    part = chosen(listed.list, written);
  }
  const TreeList& list = cone.all() ? listed.list : part;
  std::optional<Sibling> sibling;
  std::optional<Tidier> tidier;
  Present present;
  std::vector<FileStat> directories(list.directories.size());
  if (lookout) {
    RUNNER_ASSIGN(FolderScan scan, scan_folder(root.get(), list, known, *lookout));
    present = std::move(scan.present);
    directories = std::move(scan.directories);
    tidier.emplace(list, root.get(), layout.trash(), std::move(scan));
    RUNNER_TRY(tidier->clear_way());
  } else if (!known.list.files.empty()) {
    sibling.emplace(wish.sibling, known, list);
  }
  known = {};
  Smudge smudge = wish.smudge;
  smudge.folder = wish.folder;
  smudge.scratch = layout.scratch();
  RUNNER_ASSIGN(Converter converter,
                Converter::open(list, reader, repository.get(), commit, present.files, smudge));
  std::vector<bool> there = present.directories;
  there.resize(list.directories.size());
  RUNNER_ASSIGN(const std::vector<FileStat> stats,
                write_tree({.list = list,
                            .store = store,
                            .odb = odb.get(),
                            .root = root.get(),
                            .converter = converter,
                            .sibling = sibling ? &*sibling : nullptr,
                            .room = wish.room},
                           std::move(present)));
  RUNNER_POINT(checkout_written);
  FolderNotes notes{.boot = boot, .directories = {}};
  if (cone.all()) {
    note_new_ones(list, there, root.get(), directories);
    notes.directories = std::move(directories);
  }
  Filled filled;
  filled.twins = std::move(listed.twins);
  const auto tidy_up = [&]() -> jobs::Status {
    if (tidier) {
      RUNNER_ASSIGN(filled.cold_went, tidier->clear_rest(repository.get(), wish));
    }
    return jobs::ok();
  };
  const auto keep_index = [&]() -> jobs::Status {
    RUNNER_ASSIGN(filled.index,
                  write_index(layout, listed.list, stats, written, notes, wish.known));
    return jobs::ok();
  };
  RUNNER_TRY(do_both(tidy_up, keep_index));
  return filled;
}

}  // namespace worktrees

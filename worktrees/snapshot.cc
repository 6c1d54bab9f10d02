#include "worktrees/snapshot.h"

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/blocking_rules.h"
#include "worktrees/fd.h"
#include "worktrees/git_error.h"
#include "worktrees/git_handles.h"
#include "worktrees/mirror.h"
#include "worktrees/safe_fs.h"

namespace worktrees {
namespace {

namespace fs = std::filesystem;

jobs::Result<Tree> tree_at(git_repository* repository, const jobs::Oid& commit) {
  RUNNER_ASSIGN(const jobs::Oid tree_id, tree_of(repository, commit));
  RUNNER_ASSIGN(const git_oid id, parse_oid(tree_id));
  Tree tree;
  if (const int code = git_tree_lookup(into(tree), repository, &id); code < 0) {
    return git_failure(code, fmt::format("cannot read the tree of {}", commit.str()));
  }
  return tree;
}

jobs::Status add_file(git_repository* repository, git_index* index, const std::string& folder,
                      const std::string& path) {
  git_index_entry entry{};
  std::error_code error;
  const fs::file_status status = fs::symlink_status(folder + "/" + path, error);
  int code = 0;
  if (status.type() == fs::file_type::symlink) {
    const std::string target = fs::read_symlink(folder + "/" + path, error).string();
    code = git_blob_create_from_buffer(&entry.id, repository, target.data(), target.size());
    entry.mode = GIT_FILEMODE_LINK;
  } else if (status.type() == fs::file_type::regular) {
    // From disk, not from the work tree: no filter runs, the bytes are kept as they are.
    code = git_blob_create_from_disk(&entry.id, repository, (folder + "/" + path).c_str());
    const bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
    entry.mode = executable ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
  } else {
    return jobs::ok();  // Pipes, sockets and devices hold no work.
  }
  entry.path = path.c_str();
  code = code < 0 ? code : git_index_add(index, &entry);
  if (code < 0) {
    return git_failure(code,
                       fmt::format("cannot keep {} of {}", jobs::one_line(path, 120), folder));
  }
  return jobs::ok();
}

jobs::Status add_nested(git_repository* repository, git_index* index, const std::string& folder,
                        const std::string& below) {
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(
           folder + "/" + below, fs::directory_options::skip_permission_denied, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->path().filename() == ".git") {
      if (it->is_directory(error)) {
        it.disable_recursion_pending();
      }
      continue;
    }
    if (it->is_symlink(error) || !it->is_directory(error)) {
      RUNNER_TRY(
          add_file(repository, index, folder, it->path().string().substr(folder.size() + 1)));
    }
  }
  return jobs::ok();
}

/// An index in memory: looking at a worktree writes no file, and the index in it stays as it is.
class IndexCopy {
 public:
  explicit IndexCopy(std::string_view bytes)
      : fd_(::memfd_create("index", MFD_CLOEXEC)),
        path_(fmt::format("/proc/self/fd/{}", fd_.get())),
        written_(fd_.ok() && write_all(fd_.get(), bytes)) {}

  [[nodiscard]] bool open(Index& index) const {
    return written_ && git_index_open(into(index), path_.c_str()) == 0;
  }

 private:
  Fd fd_;
  std::string path_;
  bool written_;
};

/// It is not there because it was never to be there.
bool is_unwritten(const git_diff_delta& delta, const Cone& cone) {
  return delta.status == GIT_DELTA_DELETED && !cone.has_file(delta.old_file.path);
}

}  // namespace

jobs::Result<bool> is_dirty(const Layout& layout, const jobs::RepoName& repo, const Record& record,
                            const jobs::Oid& head) {
  const std::string& slot = record.slot;
  RUNNER_ASSIGN(const Repository repository, open_with_checkout(layout, repo));
  RUNNER_ASSIGN(const Tree tree, tree_at(repository.get(), head));
  const std::string folder = layout.slot(repo, slot);
  RUNNER_ASSIGN(const RulesFound rules, find_rules(folder));
  if (!rules.blocking.empty() || !rules.too_many.empty()) {
    return true;
  }
  const auto bytes = read_below(layout.checkout(repo), fmt::format("worktrees/{}/index", slot),
                                std::size_t{512} << 20);
  const IndexCopy copy(bytes && *bytes ? **bytes : std::string_view());
  Index index;
  bool usable = bytes && *bytes && copy.open(index);
  if (!usable) {
    if (const int code = git_index_new(into(index)); code < 0) {
      return git_failure(code, "cannot make an index");
    }
    usable = git_index_read_tree(index.get(), tree.get()) == 0;
  }
  git_diff_options options = GIT_DIFF_OPTIONS_INIT;
  options.flags = GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_IGNORE_SUBMODULES;
  Diff staged;
  Diff unstaged;
  int code = git_repository_set_workdir(repository.get(), folder.c_str(), 0);
  code = code < 0 ? code : git_repository_set_index(repository.get(), index.get());
  code = code < 0 ? code
                  : git_diff_tree_to_index(into(staged), repository.get(), tree.get(), index.get(),
                                           nullptr);
  code = code < 0
             ? code
             : git_diff_index_to_workdir(into(unstaged), repository.get(), index.get(), &options);
  if (code < 0) {
    return git_failure(code, fmt::format("cannot compare {} with its branch", folder));
  }
  if (git_diff_num_deltas(staged.get()) > 0) {
    return true;
  }
  const Cone cone(record.sparse);
  for (size_t i = 0; i < git_diff_num_deltas(unstaged.get()); ++i) {
    if (!is_unwritten(*git_diff_get_delta(unstaged.get(), i), cone)) {
      return true;
    }
  }
  return false;
}

jobs::Result<jobs::Oid> snapshot_tree(const Layout& layout, const jobs::RepoName& repo,
                                      const std::string& folder, const jobs::Oid& parent,
                                      const Cone& cone) {
  RUNNER_TRY(remove_blocking_rules(folder));
  RUNNER_ASSIGN(const Repository repository, open_mirror(layout, repo));
  Index index;
  int code = git_index_new(into(index));
  if (code >= 0 && !parent.empty()) {
    RUNNER_ASSIGN(const Tree tree, tree_at(repository.get(), parent));
    code = git_index_read_tree(index.get(), tree.get());
  }
  code = code < 0 ? code : git_repository_set_workdir(repository.get(), folder.c_str(), 0);
  code = code < 0 ? code : git_repository_set_index(repository.get(), index.get());
  git_diff_options options = GIT_DIFF_OPTIONS_INIT;
  options.flags = GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS |
                  GIT_DIFF_INCLUDE_TYPECHANGE | GIT_DIFF_IGNORE_SUBMODULES;
  Diff diff;
  code = code < 0 ? code
                  : git_diff_index_to_workdir(into(diff), repository.get(), index.get(), &options);
  if (code < 0) {
    return git_failure(code, fmt::format("cannot read the files of {}", folder));
  }
  for (size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff.get(), i);
    if (is_unwritten(*delta, cone)) {
      continue;
    }
    const std::string path = delta->new_file.path;
    if (delta->status == GIT_DELTA_DELETED || delta->status == GIT_DELTA_TYPECHANGE) {
      code = git_index_remove(index.get(), path.c_str(), 0);
    }
    if (delta->status == GIT_DELTA_DELETED) {
      continue;
    }
    if (path.ends_with('/') || kind_of(folder + "/" + path) == PathKind::directory) {
      RUNNER_TRY(add_nested(repository.get(), index.get(), folder,
                            path.ends_with('/') ? path.substr(0, path.size() - 1) : path));
    } else {
      RUNNER_TRY(add_file(repository.get(), index.get(), folder, path));
    }
  }
  git_oid tree{};
  if (code = git_index_write_tree_to(&tree, index.get(), repository.get()); code < 0) {
    return git_failure(code, fmt::format("cannot keep the files of {}", folder));
  }
  return to_oid(tree);
}

}  // namespace worktrees

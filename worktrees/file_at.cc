#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/context.h"
#include "worktrees/git_error.h"
#include "worktrees/git_handles.h"
#include "worktrees/mirror.h"

namespace worktrees {
namespace {

constexpr std::size_t kLongestFile = 1 << 20;

}  // namespace

jobs::Result<std::optional<std::string>> file_at(const Context& context, const jobs::Repo& repo,
                                                 const jobs::Oid& commit, const std::string& path) {
  const std::optional<std::string> none;
  RUNNER_ASSIGN(const Repository repository, open_with_checkout(context.layout, repo.name));
  RUNNER_ASSIGN(const jobs::Oid tree_id, tree_of(repository.get(), commit));
  RUNNER_ASSIGN(const git_oid id, parse_oid(tree_id));
  Tree tree;
  TreeEntry entry;
  Blob blob;
  if (const int code = git_tree_lookup(into(tree), repository.get(), &id); code < 0) {
    return git_failure(code, fmt::format("cannot read the tree of {}", commit.str()));
  }
  // The path is looked up in the tree, never on disk: ".." is merely a name that no tree has.
  if (path.empty() || path.find('\0') != std::string::npos ||
      git_tree_entry_bypath(into(entry), tree.get(), path.c_str()) < 0) {
    return none;
  }
  const git_filemode_t mode = git_tree_entry_filemode(entry.get());
  if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE) {
    return none;
  }
  // Before it is read: a blob is read whole.
  Odb odb;
  size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  int code = git_repository_odb(into(odb), repository.get());
  code = code < 0 ? code
                  : git_odb_read_header(&size, &type, odb.get(), git_tree_entry_id(entry.get()));
  if (code >= 0 && size > kLongestFile) {
    return none;
  }
  code = code < 0 ? code
                  : git_blob_lookup(into(blob), repository.get(), git_tree_entry_id(entry.get()));
  if (code < 0) {
    return git_failure(
        code, fmt::format("cannot read {} of {}", jobs::one_line(path, 120), commit.str()));
  }
  return std::optional(
      std::string(static_cast<const char*>(git_blob_rawcontent(blob.get())), size));
}

}  // namespace worktrees

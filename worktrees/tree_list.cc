#include "worktrees/tree_list.h"

#include <cstring>
#include <limits>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/tree_guard.h"

namespace worktrees {

namespace {

constexpr std::uint32_t kTypeBits = 0170000;
constexpr std::size_t kMostListBytes = std::size_t{80} << 20;

/// "<mode in octal> <name>\0<20 bytes>" off the front of `tree`. False at its end or at damage.
struct RawEntry {
  std::uint32_t mode = 0;
  std::string_view name;
  git_oid id{};
};
bool take_entry(std::string_view& tree, RawEntry& entry) {
  entry.mode = 0;
  std::size_t at = 0;
  for (; at < tree.size() && at < 7 && tree[at] >= '0' && tree[at] <= '7'; ++at) {
    entry.mode = entry.mode << 3U | static_cast<std::uint32_t>(tree[at] - '0');
  }
  if (at == 0 || at >= tree.size() || tree[at] != ' ') {
    return false;
  }
  const std::size_t end = tree.find('\0', at + 1);
  if (end == std::string_view::npos || tree.size() - end - 1 < GIT_OID_RAWSZ) {
    return false;
  }
  entry.name = tree.substr(at + 1, end - at - 1);
  std::memcpy(entry.id.id, tree.data() + end + 1, GIT_OID_RAWSZ);
  tree.remove_prefix(end + 1 + GIT_OID_RAWSZ);
  return true;
}

class Lister {
 public:
  explicit Lister(objects::AnyObject& objects) : objects_(objects) {}

  jobs::Status tree(const git_oid& id, int depth) {
    if (depth > kDeepestTree) {
      refuse("hostile-tree", fmt::format("directories nested more than {} deep", kDeepestTree));
      return jobs::ok();
    }
    RUNNER_ASSIGN(const objects::ObjectPtr object, objects_.read(id, GIT_OBJECT_TREE));
    const std::size_t here = out_.list.directories.size();
    out_.list.directories.push_back({.id = id,
                                     .path_at = keep_path(),
                                     .path_size = static_cast<std::uint32_t>(path_.size()),
                                     .name_size = name_size_,
                                     .files = 0,
                                     .directories = 0});
    const std::size_t files_before = out_.list.files.size();
    TreeGuard guard;
    RawEntry entry;
    std::string_view rest = object->content();
    std::uint32_t directories = 0;
    while (!out_.refusal && take_entry(rest, entry)) {
      if (const std::string problem = guard.problem_of(entry.name, entry.mode); !problem.empty()) {
        refuse("hostile-tree",
               fmt::format("the tree entry '{}{}{}' {}", jobs::one_line(path_, 120),
                           path_.empty() ? "" : "/", jobs::one_line(entry.name, 80), problem));
        return jobs::ok();
      }
      const std::size_t length = path_.size();
      path_ += path_.empty() ? "" : "/";
      path_ += entry.name;
      if ((entry.mode & kTypeBits) == GIT_FILEMODE_TREE) {
        name_size_ = static_cast<std::uint32_t>(entry.name.size());
        ++directories;
        RUNNER_TRY(tree(entry.id, depth + 1));
      } else {
        file(entry);
      }
      path_.resize(length);
      check_room();
    }
    if (!out_.refusal && !rest.empty()) {
      return jobs::fail(jobs::ErrorKind::corrupt,
                        fmt::format("the tree {} is damaged", to_hex(id)));
    }
    TreeList::Directory& done = out_.list.directories[here];
    done.files = static_cast<std::uint32_t>(out_.list.files.size() - files_before);
    done.directories = directories;
    return jobs::ok();
  }

  ListedTree take() { return std::move(out_); }

 private:
  void file(const RawEntry& entry) {
    std::uint32_t mode = entry.mode & kTypeBits;
    if (mode == (GIT_FILEMODE_BLOB & kTypeBits)) {
      // As git reads what old writers left: only the owner's x bit counts.
      mode = (entry.mode & 0100U) != 0 ? std::uint32_t{GIT_FILEMODE_BLOB_EXECUTABLE}
                                       : std::uint32_t{GIT_FILEMODE_BLOB};
    }
    out_.list.files.push_back({.id = entry.id,
                               .mode = mode,
                               .path_size = static_cast<std::uint32_t>(path_.size()),
                               .path_at = keep_path()});
  }

  std::size_t keep_path() {
    const std::size_t at = out_.list.paths.size();
    out_.list.paths += path_;
    out_.list.paths += '\0';
    return at;
  }

  void check_room() {
    const TreeList& list = out_.list;
    if (list.paths.size() + list.files.size() * sizeof(TreeList::File) +
            list.directories.size() * sizeof(TreeList::Directory) >
        kMostListBytes) {
      refuse("size", fmt::format("the tree has more than {} entries", list.files.size()));
    }
  }

  void refuse(std::string rule, std::string message) {
    if (!out_.refusal) {
      out_.refusal = Refusal{std::move(rule), std::move(message)};
    }
  }

  objects::AnyObject& objects_;
  ListedTree out_;
  std::string path_;
  std::uint32_t name_size_ = 0;
};

}  // namespace

jobs::Result<ListedTree> list_tree(objects::AnyObject& objects, const git_oid& root) {
  Lister lister(objects);
  RUNNER_TRY(lister.tree(root, 0));
  return lister.take();
}

}  // namespace worktrees

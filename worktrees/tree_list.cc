#include "worktrees/tree_list.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/tree_entry.h"
#include "worktrees/tree_guard.h"

namespace worktrees {

namespace {

constexpr std::size_t kMostListBytes = std::size_t{80} << 20;

class Lister {
 public:
  Lister(objects::AnyObject& objects, const TreeList& known) : objects_(objects), known_(known) {
    for (std::uint32_t i = 0; i < known.directories.size(); ++i) {
      known_at_.emplace(known.path(known.directories[i]), i);
    }
  }

  jobs::Status tree(const git_oid& id, int depth) {
    if (depth > kDeepestTree) {
      refuse("hostile-tree", fmt::format("directories nested more than {} deep", kDeepestTree));
      return jobs::ok();
    }
    if (taken_over(id)) {
      return jobs::ok();
    }
    RUNNER_ASSIGN(const objects::ObjectPtr object, objects_.read(id, GIT_OBJECT_TREE));
    const auto here = static_cast<std::uint32_t>(out_.list.directories.size());
    out_.list.directories.push_back({.id = id,
                                     .parent = directory_,
                                     .path_at = out_.list.keep_path(path_),
                                     .path_size = static_cast<std::uint32_t>(path_.size()),
                                     .name_size = name_size_,
                                     .files = 0,
                                     .directories = 0});
    const std::uint32_t above = std::exchange(directory_, here);
    const std::size_t files_before = out_.list.files.size();
    TreeGuard guard;
    std::vector<std::string_view> names;
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
      names.push_back(entry.name);
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
    add_case_twins(out_.twins, path_, names);
    TreeList::Directory& done = out_.list.directories[here];
    done.files = static_cast<std::uint32_t>(out_.list.files.size() - files_before);
    done.directories = directories;
    directory_ = above;
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
                               .directory = directory_,
                               .path_at = out_.list.keep_path(path_)});
  }

  /// The directory at path_ with all that is below it, from the earlier list.
  bool taken_over(const git_oid& id) {
    const auto found = known_at_.find(path_);
    if (found == known_at_.end() || git_oid_cmp(&known_.directories[found->second].id, &id) != 0) {
      return false;
    }
    const TreeList::Directory& top = known_.directories[found->second];
    const auto here = static_cast<std::uint32_t>(out_.list.directories.size());
    const std::uint32_t end = end_of(found->second);
    for (std::uint32_t i = found->second; i < end; ++i) {
      TreeList::Directory copy = known_.directories[i];
      copy.path_at = out_.list.keep_path(known_.path(copy));
      copy.parent = i == found->second ? directory_ : copy.parent - found->second + here;
      out_.list.directories.push_back(copy);
    }
    const auto first =
        std::ranges::lower_bound(known_.files, path_ + (path_.empty() ? "" : "/"), {},
                                 [&](const TreeList::File& file) { return known_.path(file); });
    const auto at = static_cast<std::size_t>(first - known_.files.begin());
    for (std::size_t i = at; i < at + top.files; ++i) {
      TreeList::File copy = known_.files[i];
      copy.path_at = out_.list.keep_path(known_.path(copy));
      copy.directory = copy.directory - found->second + here;
      out_.list.files.push_back(copy);
    }
    return true;
  }

  /// The first directory behind those below `top`.
  [[nodiscard]] std::uint32_t end_of(std::uint32_t top) const {
    std::uint32_t end = top + 1;
    while (end < known_.directories.size() && known_.directories[end].parent >= top) {
      ++end;
    }
    return end;
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
  const TreeList& known_;
  std::unordered_map<std::string_view, std::uint32_t> known_at_;
  std::uint32_t directory_ = 0;  ///< that is being read
  ListedTree out_;
  std::string path_;
  std::uint32_t name_size_ = 0;
};

}  // namespace

jobs::Result<ListedTree> list_tree(objects::AnyObject& objects, const git_oid& root,
                                   const TreeList& known) {
  Lister lister(objects, known);
  RUNNER_TRY(lister.tree(root, 0));
  return lister.take();
}

}  // namespace worktrees

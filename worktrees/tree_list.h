#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/case_twins.h"
#include "worktrees/check_tree.h"
#include "worktrees/objects/any_object.h"

namespace worktrees {

/// A tree with everything below it as one list, as an index has it.
struct TreeList {
  struct File {
    git_oid id{};
    std::uint32_t mode = 0;  ///< 0100644, 0100755, 0120000 (link) or 0160000 (submodule)
    std::uint32_t path_size = 0;
    std::uint32_t directory = 0;  ///< the one it is right in, by its number
    std::size_t path_at = 0;
  };
  /// A directory, or the tree itself (with an empty path).
  struct Directory {
    git_oid id{};
    std::uint32_t parent = 0;  ///< by its number; of the tree itself: itself
    std::size_t path_at = 0;
    std::uint32_t path_size = 0;
    std::uint32_t name_size = 0;    ///< of its last part
    std::uint32_t files = 0;        ///< at any depth below it
    std::uint32_t directories = 0;  ///< right in it
  };

  std::vector<File> files;             ///< in the order of an index
  std::vector<Directory> directories;  ///< each before what is in it; the tree itself first

  /// Ends with a NUL behind its last byte.
  [[nodiscard]] std::string_view path(const File& file) const {
    return std::string_view(paths).substr(file.path_at, file.path_size);
  }
  [[nodiscard]] std::string_view path(const Directory& directory) const {
    return std::string_view(paths).substr(directory.path_at, directory.path_size);
  }

  /// Without the directories before it.
  [[nodiscard]] std::string_view name(const File& file) const {
    return name_of(path(file), directories[file.directory]);
  }
  [[nodiscard]] std::string_view name(const Directory& directory) const {
    return path(directory).substr(directory.path_size - directory.name_size);
  }

  /// Takes over a path, ended with a NUL; returns where it stands.
  std::size_t keep_path(std::string_view path) {
    const std::size_t at = paths.size();
    paths += path;
    paths += '\0';
    return at;
  }

  std::string paths;

 private:
  static std::string_view name_of(std::string_view path, const Directory& directory) {
    return path.substr(directory.path_size == 0 ? 0 : directory.path_size + 1);
  }
};

/// Reads every tree below `root`, and checks names, modes and order of each. A refusal where one of
/// them is not to be written to a disk, or where there are too many (a tree may name one below it
/// again and again). What `known`, an earlier list, has at the same path is taken from there and
/// not read again, nor looked through for `twins` again.
struct ListedTree {
  TreeList list;
  CaseTwins twins;
  std::optional<Refusal> refusal;
};
[[nodiscard]] jobs::Result<ListedTree> list_tree(objects::AnyObject& objects, const git_oid& root,
                                                 const TreeList& known = {});

}  // namespace worktrees

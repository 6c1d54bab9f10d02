#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"

/// Files below a directory that somebody else may write to. No symbolic link below `root` is ever
/// followed, so that nothing an agent leaves there can send a read or a write somewhere else
/// (invariant 11).
namespace worktrees {

/// "cannot <what> <path>: <why>" for an errno. conflict: something of another sort stands there;
/// denied: no permission; transient: anything else.
[[nodiscard]] jobs::Error system_error(int number, std::string_view what, std::string_view path);

/// What stands at a path, without following a link.
enum class PathKind : std::uint8_t { nothing, directory, file, link, other };
[[nodiscard]] PathKind kind_of(const std::string& path);
/// A file that another directory entry names too (a hard link): writing to it changes that one.
[[nodiscard]] bool has_other_names(const std::string& path);

/// A regular file's content; nothing if it, or a directory on the way, is not there. conflict:
/// something that is not a regular file (link, pipe, directory) or longer than `max_bytes`.
[[nodiscard]] jobs::Result<std::optional<std::string>> read_below(
    const std::string& root, std::string_view relative,
    std::size_t max_bytes = std::size_t{1} << 20);
enum class Durability : std::uint8_t { lazy, synced };
/// Writes a whole file: temporary file, rename. Makes the directories on the way. `synced` also
/// survives a power cut; `lazy` is for what we write again anyway.
[[nodiscard]] jobs::Status write_below(const std::string& root, std::string_view relative,
                                       std::string_view content,
                                       Durability durability = Durability::lazy);
/// Everything written to the file system of `path` so far is on the disk when this returns.
[[nodiscard]] jobs::Status sync_file_system(const std::string& path);
/// Moves a file of ours into place below `root`; `from` must be on the same file system.
[[nodiscard]] jobs::Status move_below(const std::string& from, const std::string& root,
                                      std::string_view relative);
/// Removes a file or link. Done if it is not there.
[[nodiscard]] jobs::Status remove_below(const std::string& root, std::string_view relative);

[[nodiscard]] jobs::Status make_directories(const std::string& path);
/// Removes a whole tree, read-only directories too; links are removed, not followed. Done if it is
/// not there.
[[nodiscard]] jobs::Status remove_tree(const std::string& path);
/// Names in a directory, sorted; empty if it is not there.
[[nodiscard]] std::vector<std::string> names_in(const std::string& path);
/// Name of an entry of a directory that is not a regular file; "" if there is none.
[[nodiscard]] std::string odd_file_in(const std::string& path);
/// Apparent size of all files of a tree; links count as themselves.
[[nodiscard]] std::int64_t tree_bytes(const std::string& path);

struct FreeSpace {
  std::int64_t bytes = 0;
  std::optional<std::int64_t> inodes;  ///< nothing: the file system does not count them
};
/// What is left for this user where `path` lies.
[[nodiscard]] jobs::Result<FreeSpace> free_space(const std::string& path);
/// A name that no other caller of this or any process uses: "<prefix>.<pid>.<counter>".
[[nodiscard]] std::string unique_name(std::string_view prefix);

}  // namespace worktrees

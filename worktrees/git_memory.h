#pragma once

#include <cstddef>
#include <string>

#include "jobs/base/result.h"

/// How much memory git work may hold. libgit2 reads whole objects, both sides of a comparison and
/// the base of a delta into memory, however large somebody made them; a tick promises to stay
/// small. Private to this room.
namespace worktrees {

/// The larger part of what a tick may take (docs/guarantees.md); the rest is the tick's own.
inline constexpr std::size_t kMostGitMemory = std::size_t{208} << 20;

/// From here on libgit2 gets no more than kMostGitMemory at once. What needs more fails, with
/// `refused_git_bytes` saying how much was asked for.
void bound_git_memory();

/// libgit2 holds ten neighbours of an object to find out whose delta it could be, and has no call
/// to bound that, only a configuration. `root`/git/gitconfig is read for every repository from now
/// on, for remotes that are paths of this host too; `write_pack_limits` puts it there.
void read_pack_limits(const std::string& root);
[[nodiscard]] jobs::Status write_pack_limits(const std::string& root);

/// Counts what libgit2 is about to map besides; false if that is too much. The last call counts.
[[nodiscard]] bool hold_mapped(std::size_t bytes);

/// `look` is called now and then while libgit2 takes memory in this thread, with what it does in
/// between two signs of its progress too. Null ends that.
void look_while_git_works(void (*look)());

/// What the last call of libgit2 in this thread asked for in vain. Asking resets it; 0: nothing.
[[nodiscard]] std::size_t refused_git_bytes();

}  // namespace worktrees

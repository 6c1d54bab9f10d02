#pragma once

#include <string>
#include <vector>

/// What a turn left in its worktree, looked at when its processes are gone and before anything
/// reads a file there. No link is followed, and no other file system entered.
namespace runner::process {

struct Stripped {
  int special = 0;                 ///< pipes, devices and sockets, which are removed
  int set_id = 0;                  ///< files that had a set-uid or set-gid bit, and have it no more
  int failed = 0;                  ///< neither could be done
  std::vector<std::string> names;  ///< the first few, relative to the worktree
};
[[nodiscard]] Stripped strip_worktree(const std::string& folder);

/// "removed 2 special files, took set-uid from 1 (a-fifo, b, c)"; "" = there was nothing.
[[nodiscard]] std::string to_text(const Stripped& what);

/// Settings, hooks and servers of known agents that the repository brings along: what stands at its
/// top of them, in the order of their names.
[[nodiscard]] std::vector<std::string> agent_settings(const std::string& folder);

}  // namespace runner::process

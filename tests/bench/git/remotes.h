#pragma once

#include <string>

namespace bench {

/// Asking 20 remotes of 20,000 branches each whether their base moved, and fetching one new commit
/// from such a remote: `git fetch`, libgit2 and the program, over HTTP from git's own server.
/// Writes below `folder`.
void compare_remotes(const std::string& folder, int rounds);

}  // namespace bench

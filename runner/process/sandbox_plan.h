#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "jobs/base/result.h"
#include "runner/process/launch.h"
#include "runner/process/turn_files.h"

/// What a turn sees in a sandbox (docs/security.md). Nothing is there that is not named here.
namespace runner::process {

/// What a spec says of it, and where bubblewrap is.
struct SandboxNeeds {
  std::string bubblewrap;             ///< absolute; "" = there is none
  std::vector<std::string> declared;  ///< TurnSpec::writable
  TurnView git;
};

/// A file system to be put together, in the order of its members.
struct SandboxPlan {
  enum class Access : std::uint8_t { read, write, hide };
  std::vector<std::pair<std::string, std::string>> links;  ///< target, path: of a merged /usr
  std::vector<std::string> system;    ///< read-only, left out where the host has none
  std::string temporary;              ///< becomes /tmp
  std::map<std::string, Access> own;  ///< parents come before what lies in them
};

/// Looks at the host. not_found: a declared path is not there; usage: it would show the runner's
/// state. `runner`: our own program, for `runner report` and as the sandbox's init.
[[nodiscard]] jobs::Result<SandboxPlan> plan_sandbox(const Launch& what, const SandboxNeeds& needs,
                                                     const TurnPaths& paths,
                                                     const std::string& runner);

/// The command line that makes it, up to and with "--"; argv[0] is "bwrap".
[[nodiscard]] std::vector<std::string> bubblewrap_arguments(const SandboxPlan& plan,
                                                            jobs::Network network);

}  // namespace runner::process

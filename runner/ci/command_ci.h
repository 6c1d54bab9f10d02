#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "jobs/model/fleet.h"
#include "jobs/ports/ci.h"
#include "jobs/ports/executor.h"
#include "jobs/ports/workspace.h"

/// CI as one command on this host: it runs in a clean tree of the landed commit, as a turn below a
/// supervisor, so that it outlives the tick that started it. Exit code 0 is green. It knows ports
/// only.
namespace runner::ci {

struct CommandCiOptions {
  /// The root of the executor given below ("<state>/ci"): a commit's attempts lie in <root>/<ci
  /// id>/<number>.
  std::string root;
  jobs::Limits limits;  ///< grace, output, memory, processes
  jobs::Containment containment = jobs::Containment::automatic;
  std::map<std::string, std::vector<std::string>> caches;  ///< of agents, by name (AgentConfig)
};

/// A commit's attempts under the executor: a synthetic run id, the same in every tick.
[[nodiscard]] jobs::RunId ci_id(const jobs::RepoName& repo, const jobs::Oid& commit);

/// A supervisor that was lost (power cut, OOM) is no verdict: until the third time the commit
/// counts as not reported, and the next start() tries again.
inline constexpr int kMaxLost = 3;

/// The executor must outlive the result. pass, fail (with the log's tail), pending; absent = not
/// started, or lost and to be started again. not_found: the command could not be started, which
/// says nothing about the commit.
[[nodiscard]] std::unique_ptr<jobs::CiReader> make_command_ci_reader(
    const jobs::CiConfig& config, const CommandCiOptions& options, jobs::ExecutorReader& executor);

/// All three must outlive the result.
[[nodiscard]] std::unique_ptr<jobs::CiWriter> make_command_ci_writer(
    const jobs::CiConfig& config, const CommandCiOptions& options, jobs::ExecutorReader& reader,
    jobs::ExecutorWriter& writer, jobs::WorkspaceWriter& workspace);

}  // namespace runner::ci

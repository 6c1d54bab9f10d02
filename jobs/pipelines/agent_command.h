#pragma once

#include <string>
#include <vector>

#include "jobs/model/fleet.h"
#include "jobs/model/run.h"
#include "jobs/model/turn.h"

/// How an agent of a known kind is called: its arguments, its session, its environment. The prompt
/// comes on its stdin, so that it stands in no list of processes and has any length. What the
/// programs' options mean is theirs; docs/agents.md has where each was seen.
namespace jobs {

/// The session that a turn begins or goes on with.
struct AgentSession {
  std::string id;       ///< "" = the agent chooses one, and says so in its stream
  bool resume = false;  ///< it is there already
  Usage used;           ///< by the turns before, as far as they said it
  std::string home;     ///< HOME of the turn that began it; "" = this turn begins one
};

/// A UUID that only depends on run and turn, so that the session is known before anything started.
[[nodiscard]] std::string session_id(const RunId& run, int turn);

/// Goes on with the session of the newest turn before that the same agent had in the same stage, if
/// it got as far as to have one: the newest turn decides, so that a session that was gone is not
/// asked for again. `earlier`: turns of the run.
[[nodiscard]] AgentSession session_for(const Turn& turn, const std::vector<Turn>& earlier,
                                       AgentKind kind);

/// argv of a known kind. The runner's own options first, then `model`, then the manifest's `args`.
[[nodiscard]] std::vector<std::string> agent_argv(const AgentConfig& agent, const TurnSpec& spec);

/// The command that goes on with `session` by hand, in the worktree.
[[nodiscard]] std::vector<std::string> attach_argv(const AgentConfig& agent,
                                                   const std::string& session);

/// What a known kind is told by its environment: no updates, no reports to its maker, no settings
/// of the repository. A name that the manifest gives or passes on is left to it.
void add_agent_environment(const AgentConfig& agent, std::map<std::string, std::string>& env);

}  // namespace jobs

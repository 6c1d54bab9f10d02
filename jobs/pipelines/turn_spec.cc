#include "jobs/pipelines/turn_spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/pipelines/agent_command.h"
#include "jobs/pipelines/next_action.h"
#include "jobs/pipelines/prompt.h"

namespace jobs {

namespace {

/// "{prompt_file}" and friends in an agent's argv; any other text stays as it is.
std::string fill_argument(std::string argument, const TurnSpec& spec) {
  const std::pair<std::string_view, std::string> known[] = {
      {"{prompt_file}", spec.directory + "/prompt.md"},
      {"{worktree}", spec.cwd},
      {"{turn_dir}", spec.directory + "/agent"}};
  for (const auto& [name, value] : known) {
    if (const std::size_t at = argument.find(name); at != std::string::npos) {
      argument.replace(at, name.size(), value);
    }
  }
  return argument;
}

void common(TurnSpec& spec, const Fleet& fleet, const Run& run, const Turn& turn) {
  const Limits& limits = fleet.limits;
  spec.run = run.id;
  spec.issue = run.issue;
  spec.number = turn.number;
  spec.directory = turn.directory;
  spec.cwd = run.worktree;
  spec.reserved = turn.reserved;
  spec.grace = limits.turn_grace;
  spec.output_bytes = limits.turn_output_bytes;
  spec.memory_bytes = limits.turn_memory_bytes;
  spec.processes = limits.turn_processes;
  spec.file_bytes = limits.turn_file_bytes;
  spec.containment = fleet.containment;
}

/// What the commands of a repository need to see, its agent needs too, and the other way round.
const AgentConfig* agent_of(const Fleet& fleet, const Repo& repo) {
  const auto found = fleet.agents.find(repo.agent);
  return found == fleet.agents.end() ? nullptr : &found->second;
}

/// What a turn has besides, whose agent's stream can be read.
void known_kind(TurnSpec& spec, const AgentConfig& agent, const Turn& turn,
                const std::vector<Turn>& earlier) {
  AgentSession session = session_for(turn, earlier, agent.kind);
  spec.session = std::move(session.id);
  spec.resume = session.resume;
  spec.session_used = session.used;
  spec.home = std::move(session.home);
  spec.after_result = agent.after_result;
  spec.price = agent.price;
  if (!spec.home.empty()) {
    spec.writable.push_back(spec.home);
  }
  spec.argv = agent_argv(agent, spec);
  add_agent_environment(agent, spec.env);
}

}  // namespace

Result<TurnSpec> make_turn_spec(const Fleet& fleet, const Repo& repo, const Pipeline& pipeline,
                                const Run& run, const Turn& turn,
                                const std::string& prompt_template, const std::string& where,
                                const std::vector<Turn>& earlier) {
  TurnSpec spec;
  common(spec, fleet, run, turn);
  const Stage& stage = stage_named(pipeline, turn.stage);
  if (turn.kind == TurnKind::command) {
    spec.argv = stage.command.empty() ? repo.test : stage.command;
    spec.env = repo.env;
    if (const AgentConfig* beside = agent_of(fleet, repo)) {
      spec.writable = beside->caches;
    }
    spec.deadline = fleet.limits.verify_deadline;
    if (spec.argv.empty()) {
      return fail(ErrorKind::invalid_manifest,
                  fmt::format("stage {} of {} has no command", turn.stage, run.issue.repo.str()),
                  "set `test = [...]` for the repository");
    }
    return spec;
  }
  const auto agent = fleet.agents.find(turn.agent);
  if (agent == fleet.agents.end()) {
    return fail(
        ErrorKind::invalid_manifest,
        fmt::format("agent \"{}\" of turn {} is not in the manifests", turn.agent, turn.number),
        "declare [agent." + turn.agent + "] again, or cancel the run");
  }
  const std::string test_command = fmt::format("{}", fmt::join(repo.test, " "));
  RUNNER_ASSIGN(spec.prompt,
                make_prompt(prompt_template, where, run, turn, repo.base, test_command));
  spec.agent_kind = agent->second.kind;
  spec.env = agent->second.env;
  spec.writable = agent->second.caches;
  if (spec.agent_kind == AgentKind::command) {
    for (const std::string& argument : agent->second.command) {
      spec.argv.push_back(fill_argument(argument, spec));
    }
  } else {
    known_kind(spec, agent->second, turn, earlier);
  }
  spec.env["RUNNER_REPO"] = run.issue.repo.str();
  spec.env["RUNNER_ISSUE"] = std::to_string(run.issue.number);
  spec.env["RUNNER_BRANCH"] = run.branch;
  spec.env["RUNNER_TURN_NUMBER"] = std::to_string(turn.number);
  spec.env["RUNNER_TURN_KIND"] = std::string(to_string(turn.kind));
  spec.env["RUNNER_PROMPT_FILE"] = spec.directory + "/prompt.md";
  spec.pass_env = agent->second.pass_env;
  spec.redact_env = agent->second.pass_env;
  spec.usage_file = agent->second.usage_file;
  spec.network = agent->second.network;
  spec.proxy = agent->second.proxy;
  spec.deadline = fleet.limits.turn_deadline;
  spec.silence = fleet.limits.turn_silence;
  spec.first_byte = fleet.limits.turn_first_byte;
  return spec;
}

}  // namespace jobs

#include "jobs/pipelines/agent_command.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/sha256.h"

namespace jobs {

namespace {

void append(std::vector<std::string>& argv, std::initializer_list<std::string> more) {
  argv.insert(argv.end(), more);
}

std::vector<std::string> program(const AgentConfig& agent) {
  return agent.command.empty() ? std::vector{std::string(to_string(agent.kind))} : agent.command;
}

void claude(const AgentConfig& agent, const TurnSpec& spec, std::vector<std::string>& argv) {
  append(argv, {"-p", "--output-format", "stream-json", "--verbose"});
  append(argv, {spec.resume ? "--resume" : "--session-id", spec.session});
  // Works as root too, which bypassing all permissions does not. The list ends with the next
  // option.
  append(argv, {"--permission-mode", "acceptEdits", "--allowedTools",
                "Bash,Edit,Write,Read,Glob,Grep,NotebookEdit,WebFetch,WebSearch,Task"});
  if (spec.reserved.usd.micros > 0) {
    append(argv, {"--max-budget-usd", spec.reserved.usd.str()});
  }
  if (!agent.repo_settings) {
    append(argv, {"--setting-sources", "user", "--strict-mcp-config"});
  }
  if (!agent.model.empty()) {
    append(argv, {"--model", agent.model});
  }
}

void codex(const AgentConfig& agent, std::vector<std::string>& argv) {
  // Its own sandbox keeps it from committing: a worktree's git folder lies outside of it. What
  // contains it is the turn.
  append(argv, {"exec", "--json", "--sandbox", "danger-full-access"});
  if (!agent.model.empty()) {
    append(argv, {"--model", agent.model});
  }
}

void opencode(const AgentConfig& agent, const TurnSpec& spec, std::vector<std::string>& argv) {
  append(argv, {"run", "--format", "json"});
  if (!agent.repo_settings) {
    append(argv, {"--pure"});
  }
  if (spec.resume) {
    append(argv, {"--session", spec.session});
  }
  if (!agent.model.empty()) {
    append(argv, {"--model", agent.model});
  }
}

}  // namespace

std::string session_id(const RunId& run, int turn) {
  std::string hex = sha256_hex(fmt::format("session of {}/{}", run.str(), turn)).substr(0, 32);
  hex[12] = '8';  // the version for ids of one's own making
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) % 4];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

AgentSession session_for(const Turn& turn, const std::vector<Turn>& earlier, AgentKind kind) {
  AgentSession session;
  const Turn* newest = nullptr;
  const auto same = [&](const Turn& other) {
    return other.kind != TurnKind::command && other.number < turn.number &&
           other.agent == turn.agent && other.stage == turn.stage;
  };
  for (const Turn& other : earlier) {
    if (same(other) && (newest == nullptr || other.number > newest->number)) {
      newest = &other;
    }
  }
  const bool began = newest != nullptr && !newest->session.empty() && newest->exit &&
                     newest->exit->end != TurnEnd::not_started &&
                     newest->exit->agent != AgentEnd::no_session &&
                     (!newest->usage || newest->usage->tokens > 0);
  if (began) {
    session.id = newest->session;
    session.resume = true;
    int first = newest->number;
    for (const Turn& other : earlier) {
      if (same(other) && other.session == session.id) {
        session.used = session.used + other.usage.value_or(Usage{});
        if (other.number <= first) {
          first = other.number;
          session.home = other.directory + "/agent/home";
        }
      }
    }
    session.used.turns = 0;
    session.used.seconds = 0;
  } else if (kind == AgentKind::claude) {
    session.id = session_id(turn.run, turn.number);
  }
  return session;
}

std::vector<std::string> agent_argv(const AgentConfig& agent, const TurnSpec& spec) {
  std::vector<std::string> argv = program(agent);
  switch (agent.kind) {
    case AgentKind::command: return argv;
    case AgentKind::claude: claude(agent, spec, argv); break;
    case AgentKind::codex: codex(agent, argv); break;
    case AgentKind::opencode: opencode(agent, spec, argv); break;
  }
  argv.insert(argv.end(), agent.args.begin(), agent.args.end());
  if (agent.kind == AgentKind::codex) {
    if (spec.resume) {
      append(argv, {"resume", spec.session});
    }
    append(argv, {"-"});
  }
  return argv;
}

std::vector<std::string> attach_argv(const AgentConfig& agent, const std::string& session) {
  std::vector<std::string> argv = program(agent);
  switch (agent.kind) {
    case AgentKind::command: return {};
    case AgentKind::claude: append(argv, {"--resume", session}); break;
    case AgentKind::codex: append(argv, {"resume", session}); break;
    case AgentKind::opencode: append(argv, {"--session", session}); break;
  }
  return argv;
}

void add_agent_environment(const AgentConfig& agent, std::map<std::string, std::string>& env) {
  const auto set = [&](const std::string& name, const std::string& value) {
    if (std::ranges::find(agent.pass_env, name) == agent.pass_env.end()) {
      env.emplace(name, value);
    }
  };
  switch (agent.kind) {
    case AgentKind::command:
    case AgentKind::codex: break;
    case AgentKind::claude:
      for (const char* name : {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER",
                               "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING"}) {
        set(name, "1");
      }
      break;
    case AgentKind::opencode:
      for (const char* name : {"OPENCODE_DISABLE_AUTOUPDATE", "OPENCODE_DISABLE_LSP_DOWNLOAD",
                               "OPENCODE_DISABLE_SHARE"}) {
        set(name, "1");
      }
      // A question would be waited for; it is merged over the repository's, so every key is set.
      set("OPENCODE_PERMISSION",
          R"({"edit":"allow","bash":"allow","read":"allow","webfetch":"allow","websearch":"allow",)"
          R"("task":"allow","external_directory":"allow","doom_loop":"deny","question":"deny"})");
      if (!agent.repo_settings) {
        set("OPENCODE_DISABLE_PROJECT_CONFIG", "1");
      }
      break;
  }
}

}  // namespace jobs

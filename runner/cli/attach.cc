#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "jobs/pipelines/agent_command.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_model.h"
#include "runner/cli/money.h"
#include "runner/cli/screen.h"
#include "runner/cli/state.h"

namespace runner::cli {

namespace {

/// A word as a shell takes it, whatever is in it.
std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./=:@,+").contains(c);
  });
  if (plain) {
    return word;
  }
  std::string out = "'";
  for (const char c : word) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

struct Attachment {
  jobs::Run run;
  std::string session, home;
  std::vector<std::string> argv;
};

jobs::Result<Attachment> attachment(const AttachCommand& command) {
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(command.global));
  RUNNER_ASSIGN(const auto store, open_reader(fleet));
  Attachment result;
  RUNNER_ASSIGN(result.run, store->run(command.run));
  RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, store->turns(result.run.id));
  const jobs::Turn* newest = nullptr;
  for (const jobs::Turn& turn : turns) {
    const bool its = turn.kind != jobs::TurnKind::command && !turn.session.empty();
    newest = its && (newest == nullptr || turn.number > newest->number) ? &turn : newest;
  }
  const auto agent = newest == nullptr ? fleet.agents.end() : fleet.agents.find(newest->agent);
  if (agent == fleet.agents.end() || agent->second.kind == jobs::AgentKind::command) {
    return jobs::fail(jobs::ErrorKind::not_found,
                      fmt::format("run {} has no session to go on with", result.run.id.str()),
                      "only agents of the kinds claude, codex and opencode have sessions");
  }
  if (newest->state != jobs::TurnState::ended) {
    return jobs::fail(jobs::ErrorKind::conflict,
                      fmt::format("turn {} of run {} is still at work in this session",
                                  newest->number, result.run.id.str()),
                      "wait for its end, or `runner runs cancel` the run");
  }
  if (result.run.worktree.empty() || result.run.worktree_released) {
    return jobs::fail(jobs::ErrorKind::not_found,
                      fmt::format("the worktree of run {} is gone", result.run.id.str()),
                      "a session can only be gone on with where it began");
  }
  result.session = newest->session;
  result.home = newest->directory + "/agent/home";
  for (const jobs::Turn& turn : turns) {
    if (turn.session == newest->session && turn.agent == newest->agent &&
        turn.number < newest->number) {
      result.home = turn.directory + "/agent/home";  // of the turn that began it
      break;
    }
  }
  result.argv = jobs::attach_argv(agent->second, result.session);
  return result;
}

}  // namespace

int run_attach(const AttachCommand& command) {
  const auto found = attachment(command);
  if (!found) {
    return report_error(command.global, found.error());
  }
  std::string line =
      fmt::format("cd {} && HOME={}", shell_word(found->run.worktree), shell_word(found->home));
  for (const std::string& word : found->argv) {
    line += " " + shell_word(word);
  }
  if (command.global.json) {
    print_json(json_root()
                   .set("run", found->run.id.str())
                   .set("worktree", found->run.worktree)
                   .set("home", found->home)
                   .set("session", found->session)
                   .set("argv", Json::strings(found->argv))
                   .set("command", line));
  } else {
    put(line + "\n");
  }
  return 0;
}

}  // namespace runner::cli

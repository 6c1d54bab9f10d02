// How agents of known kinds are called: arguments, sessions, environment.
#include "jobs/pipelines/agent_command.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "jobs/pipelines/prompt.h"
#include "jobs/pipelines/turn_spec.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using Words = std::vector<std::string>;

Fleet fleet_of(AgentKind kind) {
  Fleet fleet = scenario::fleet();
  AgentConfig& agent = fleet.agents["claude"];
  agent.kind = kind;
  agent.command.clear();
  agent.model = "m-1";
  agent.args = {"--more"};
  return fleet;
}

TurnSpec spec_of(const Fleet& fleet, const Turn& turn, const std::vector<Turn>& earlier = {}) {
  auto spec = make_turn_spec(fleet, fleet.repos.front(), default_pipeline(), scenario::run(), turn,
                             std::string(default_prompt()), "the built-in prompt", earlier);
  EXPECT_TRUE(spec) << spec.error().text();
  return *spec;
}

/// A first turn that said its session, as the store has it afterwards.
Turn first_turn(const std::string& session, AgentEnd agent = AgentEnd::success) {
  Turn turn = scenario::turn(1, "implement");
  turn.state = TurnState::ended;
  turn.session = session;
  turn.usage = Usage{Usd{10}, 100, 1, 5};
  turn.exit = TurnExit{};
  turn.exit->end = TurnEnd::exited;
  turn.exit->agent = agent;
  return turn;
}

TEST(AgentCommand, AClaudeBeginsTheSessionThatWasChosenForIt) {
  const TurnSpec spec = spec_of(fleet_of(AgentKind::claude), scenario::turn(1, "implement"));
  EXPECT_EQ(spec.argv, (Words{"claude", "-p", "--output-format", "stream-json", "--verbose",
                              "--session-id", session_id(scenario::run().id, 1),
                              "--permission-mode", "acceptEdits", "--allowedTools",
                              "Bash,Edit,Write,Read,Glob,Grep,NotebookEdit,WebFetch,WebSearch,Task",
                              "--max-budget-usd", "5.00", "--setting-sources", "user",
                              "--strict-mcp-config", "--model", "m-1", "--more"}));
  EXPECT_EQ(spec.session, session_id(scenario::run().id, 1));
  EXPECT_FALSE(spec.resume);
  EXPECT_EQ(spec.env.at("DISABLE_AUTOUPDATER"), "1");
  EXPECT_EQ(spec.agent_kind, AgentKind::claude);
  EXPECT_EQ(spec.after_result, std::chrono::seconds(30));
}

TEST(AgentCommand, TheOthersSayTheirSessionThemselves) {
  const Turn turn = scenario::turn(1, "implement");
  EXPECT_EQ(spec_of(fleet_of(AgentKind::codex), turn).argv,
            (Words{"codex", "exec", "--json", "--sandbox", "danger-full-access", "--model", "m-1",
                   "--more", "-"}));
  const TurnSpec opencode = spec_of(fleet_of(AgentKind::opencode), turn);
  EXPECT_EQ(opencode.argv,
            (Words{"opencode", "run", "--format", "json", "--pure", "--model", "m-1", "--more"}));
  EXPECT_EQ(opencode.session, "");
  EXPECT_EQ(opencode.env.at("OPENCODE_DISABLE_PROJECT_CONFIG"), "1");
  EXPECT_EQ(opencode.env.at("OPENCODE_PERMISSION").find("\"ask\""), std::string::npos);
}

TEST(AgentCommand, ACorrectiveTurnGoesOnWithTheSession) {
  const Turn second = scenario::turn(3, "implement");
  const std::vector<Turn> earlier = {first_turn("s-1"), scenario::turn(2, "verify")};
  const TurnSpec codex = spec_of(fleet_of(AgentKind::codex), second, earlier);
  EXPECT_EQ(codex.argv, (Words{"codex", "exec", "--json", "--sandbox", "danger-full-access",
                               "--model", "m-1", "--more", "resume", "s-1", "-"}));
  EXPECT_TRUE(codex.resume);
  EXPECT_EQ(codex.session_used.tokens, 100);
  EXPECT_EQ(codex.home, earlier.front().directory + "/agent/home") << "where the session lies";
  EXPECT_EQ(codex.writable, Words{codex.home});
  const TurnSpec claude = spec_of(fleet_of(AgentKind::claude), second, earlier);
  EXPECT_EQ(claude.argv[5], "--resume");
  EXPECT_EQ(claude.argv[6], "s-1");
  const TurnSpec opencode = spec_of(fleet_of(AgentKind::opencode), second, earlier);
  EXPECT_NE(std::ranges::find(opencode.argv, "--session"), opencode.argv.end());
  EXPECT_FALSE(codex.prompt.empty()) << "the whole prompt again: a session may have forgotten it";
}

TEST(AgentCommand, ASessionThatNeverWasOrIsGoneIsNotAskedFor) {
  const Turn second = scenario::turn(2, "implement");
  const auto resumes = [&](const Turn& before) {
    return session_for(second, {before}, AgentKind::codex).resume;
  };
  EXPECT_TRUE(resumes(first_turn("s-1")));
  EXPECT_FALSE(resumes(first_turn("")));
  EXPECT_FALSE(resumes(first_turn("s-1", AgentEnd::no_session)));
  Turn unanswered = first_turn("s-1", AgentEnd::authentication);
  unanswered.usage = Usage{};
  EXPECT_FALSE(resumes(unanswered)) << "the provider never answered";
  Turn killed = first_turn("s-1", AgentEnd::unfinished);
  killed.usage.reset();
  EXPECT_TRUE(resumes(killed)) << "what it used is not known, but it began";
  Turn other_stage = first_turn("s-1");
  other_stage.stage = "review";
  EXPECT_FALSE(resumes(other_stage));
  Turn other_agent = first_turn("s-1");
  other_agent.agent = "another";
  EXPECT_FALSE(resumes(other_agent));
  Turn missing = first_turn("s-1");
  missing.exit->end = TurnEnd::not_started;
  EXPECT_FALSE(resumes(missing));
}

TEST(AgentCommand, SessionIdsAreUuidsOfRunAndTurn) {
  std::set<std::string> ids;
  for (int turn = 1; turn <= 50; ++turn) {
    const std::string id = session_id(RunId("r1"), turn);
    EXPECT_EQ(id, session_id(RunId("r1"), turn));
    EXPECT_EQ(id.size(), 36U);
    EXPECT_EQ(id[14], '8');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef-"), std::string::npos);
    ids.insert(id);
  }
  ids.insert(session_id(RunId("r2"), 1));
  EXPECT_EQ(ids.size(), 51U);
}

TEST(AgentCommand, WhatTheManifestGivesIsLeftToIt) {
  Fleet fleet = fleet_of(AgentKind::claude);
  AgentConfig& agent = fleet.agents["claude"];
  agent.command = {"/opt/claude", "--debug"};
  agent.env["DISABLE_TELEMETRY"] = "0";
  agent.pass_env = {"DISABLE_AUTOUPDATER"};
  agent.repo_settings = true;
  agent.model.clear();
  const TurnSpec spec = spec_of(fleet, scenario::turn(1, "implement"));
  EXPECT_EQ(spec.argv[0], "/opt/claude");
  EXPECT_EQ(spec.argv[1], "--debug");
  EXPECT_EQ(spec.env.at("DISABLE_TELEMETRY"), "0");
  EXPECT_FALSE(spec.env.contains("DISABLE_AUTOUPDATER"));
  EXPECT_EQ(std::ranges::find(spec.argv, "--setting-sources"), spec.argv.end());
  EXPECT_EQ(std::ranges::find(spec.argv, "--model"), spec.argv.end());
}

TEST(AgentCommand, Invariant11_NoTextOfAnIssueIsInTheArguments) {
  jobs::Run run = scenario::run();
  run.title = "--dangerously-skip-permissions";
  run.body = "$(reboot) --resume";
  for (const AgentKind kind : {AgentKind::claude, AgentKind::codex, AgentKind::opencode}) {
    const Fleet fleet = fleet_of(kind);
    const auto spec = make_turn_spec(fleet, fleet.repos.front(), default_pipeline(), run,
                                     scenario::turn(1, "implement"), std::string(default_prompt()),
                                     "the built-in prompt");
    ASSERT_TRUE(spec);
    for (const std::string& word : spec->argv) {
      EXPECT_EQ(word.find("dangerously-skip"), std::string::npos);
      EXPECT_EQ(word.find("reboot"), std::string::npos);
    }
  }
}

TEST(AgentCommand, AttachGoesOnByHand) {
  const Fleet fleet = fleet_of(AgentKind::claude);
  EXPECT_EQ(attach_argv(fleet.agents.at("claude"), "s-1"), (Words{"claude", "--resume", "s-1"}));
  EXPECT_EQ(attach_argv(fleet_of(AgentKind::codex).agents.at("claude"), "s-1"),
            (Words{"codex", "resume", "s-1"}));
  EXPECT_TRUE(attach_argv(fleet_of(AgentKind::command).agents.at("claude"), "s-1").empty());
}

}  // namespace
}  // namespace jobs

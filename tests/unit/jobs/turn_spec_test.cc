#include "jobs/pipelines/turn_spec.h"

#include <gtest/gtest.h>

#include "jobs/pipelines/prompt.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

Result<TurnSpec> spec_of(const Fleet& fleet, const jobs::Run& run, const Turn& turn) {
  return make_turn_spec(fleet, fleet.repos.front(), default_pipeline(), run, turn,
                        std::string(default_prompt()), "the built-in prompt");
}

TEST(TurnSpec, AnAgentGetsItsPromptItsPlaceAndItsLimits) {
  Fleet fleet = scenario::fleet();
  fleet.agents["claude"].pass_env = {"API_KEY"};
  const Turn turn = scenario::turn(1, "implement");
  const auto spec = spec_of(fleet, scenario::run(), turn);
  ASSERT_TRUE(spec) << spec.error().text();
  EXPECT_EQ(spec->argv, (std::vector<std::string>{"/usr/bin/agent", "--prompt",
                                                  turn.directory + "/prompt.md"}));
  EXPECT_EQ(spec->cwd, scenario::run().worktree);
  EXPECT_EQ(spec->directory, turn.directory);
  EXPECT_EQ(spec->reserved, turn.reserved);
  EXPECT_EQ(spec->deadline, fleet.limits.turn_deadline);
  EXPECT_EQ(spec->silence, fleet.limits.turn_silence);
  EXPECT_EQ(spec->first_byte, fleet.limits.turn_first_byte);
  EXPECT_EQ(spec->env.at("RUNNER_REPO"), "acme/shop");
  EXPECT_EQ(spec->redact_env, spec->pass_env) << "what is passed in must appear in no log";
  EXPECT_FALSE(spec->prompt.empty());
}

TEST(TurnSpec, ACommandGetsNoPromptAndNoWatchOnSilence) {
  const Fleet fleet = scenario::fleet();
  const auto spec = spec_of(fleet, scenario::run(), scenario::turn(2, "verify"));
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->argv, fleet.repos.front().test);
  EXPECT_TRUE(spec->prompt.empty());
  EXPECT_EQ(spec->silence, Duration::zero());
  EXPECT_EQ(spec->deadline, fleet.limits.verify_deadline);
  EXPECT_TRUE(spec->pass_env.empty()) << "no secret of an agent";
}

TEST(TurnSpec, WhatIsMissingIsNamed) {
  Fleet fleet = scenario::fleet();
  fleet.repos.front().test.clear();
  auto spec = spec_of(fleet, scenario::run(), scenario::turn(2, "verify"));
  ASSERT_FALSE(spec);
  EXPECT_NE(spec.error().text().find("acme/shop"), std::string::npos);
  fleet.agents.clear();
  spec = spec_of(fleet, scenario::run(), scenario::turn(1, "implement"));
  ASSERT_FALSE(spec);
  EXPECT_NE(spec.error().text().find("claude"), std::string::npos);
}

TEST(TurnSpec, Invariant11_NothingOfAnIssueBecomesAnArgument) {
  const Fleet fleet = scenario::fleet();
  jobs::Run run = scenario::run();
  run.title = "--dangerous {prompt_file} {worktree}";
  run.body = "$(rm -rf /) ; --yes";
  const auto spec = spec_of(fleet, run, scenario::turn(1, "implement"));
  ASSERT_TRUE(spec);
  for (const std::string& argument : spec->argv) {
    EXPECT_EQ(argument.find("dangerous"), std::string::npos);
    EXPECT_EQ(argument.find("rm -rf"), std::string::npos);
  }
  for (const auto& [name, value] : spec->env) {
    EXPECT_EQ(value.find("dangerous"), std::string::npos) << name;
    EXPECT_EQ(value.find("rm -rf"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace jobs

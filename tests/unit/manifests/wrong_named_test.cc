// One row per thing that can be wrong with trackers, agents, notifications and pipelines.
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/manifests/wrong.h"

namespace manifests {
namespace {

class WrongNamed : public testing::TestWithParam<Wrong> {};

TEST_P(WrongNamed, IsExplained) {
  expect_explained(GetParam());
}

/// A tracker of Plane with further lines.
std::string plane(const std::string& lines) {
  return "[tracker.t]\nkind = \"plane\"\nworkspace = \"acme\"\ntoken_env = \"PATH\"\n" + lines;
}

std::string stages(const std::string& list) {
  return "[pipeline.p]\nstages = [" + list + "]\n";
}
INSTANTIATE_TEST_SUITE_P(
    Named, WrongNamed,
    testing::Values(
        Wrong{"ProxyThatCannotBeReached",
              "[agent.a]\ncommand = [\"a\"]\nnetwork = \"loopback\"\nproxy = \"http://p:1\"\n",
              {"proxy cannot be reached with network = \"loopback\""}},
        Wrong{"Network",
              "[agent.a]\ncommand = [\"a\"]\nnetwork = \"some\"\n",
              {"unknown network \"some\""}},
        Wrong{"TrackerWithoutPath", "[tracker.t]\n", {"[tracker.t] has no path"}},
        Wrong{"GithubWithoutToken",
              "[tracker.t]\nkind = \"github\"\n",
              {"[tracker.t] has no token_env"}},
        Wrong{"GithubWithAPath",
              "[tracker.t]\nkind = \"github\"\ntoken_env = \"PATH\"\npath = \"x\"\n",
              {"path means nothing for kind \"github\""}},
        Wrong{"LocalWithAToken",
              "[tracker.t]\npath = \"x\"\ntoken_env = \"PATH\"\n",
              {"token_env means nothing for kind \"local\""}},
        Wrong{"GithubAppWithoutKey",
              "[tracker.t]\nkind = \"github\"\napp = { id = \"7\" }\n",
              {"has no key_file"}},
        Wrong{"GithubAppAndToken",
              "[tracker.t]\nkind = \"github\"\ntoken_env = \"PATH\"\n"
              "app = { id = \"7\", key_env = \"PATH\" }\n",
              {"a token and an app exclude each other"}},
        Wrong{"GithubAppIsNoTable",
              "[tracker.t]\nkind = \"github\"\napp = 7\n",
              {"app has the wrong type"}},
        Wrong{"TrackerKind",
              "[tracker.t]\nkind = \"loca\"\npath = \"x\"\n",
              {"unknown kind \"loca\"", "did you mean \"local\"?"}},
        Wrong{"AgentWithoutCommand",
              "[agent.a]\n",
              {"fleet.toml:1:1: error: [agent.a] has no command"}},
        Wrong{"AgentShellString",
              "[agent.a]\ncommand = \"agent -p\"\n",
              {"command has the wrong type: a string", "no shell reads it"}},
        Wrong{"AgentEmptyCommand", "[agent.a]\ncommand = []\n", {"command names no program"}},
        Wrong{"Invariant11_CommandIsAnOption",
              "[agent.a]\ncommand = [\"--version\"]\n",
              {"command names no program"}},
        Wrong{"AgentNulInWord",
              "[agent.a]\ncommand = [\"a\", \"b\\u0000c\"]\n",
              {"holds control character 0x00"}},
        Wrong{"AgentPassEnv",
              "[agent.a]\ncommand = [\"a\"]\npass_env = [\"A=B\"]\n",
              {"pass_env \"A=B\" is not a variable's name"}},
        Wrong{"AgentEnvName",
              "[agent.a]\ncommand = [\"a\"]\nenv = { \"A B\" = \"x\" }\n",
              {"is not a variable's name"}},
        Wrong{"AgentEnvNumber",
              "[agent.a]\ncommand = [\"a\"]\nenv = { A = 1 }\n",
              {"env.A has the wrong type: an integer"}},
        Wrong{"Invariant11_UsageFileOutside",
              "[agent.a]\ncommand = [\"a\"]\nusage_file = \"../x\"\n",
              {"has '..' as a part"}},
        Wrong{"ForgejoWithoutAnything",
              "[tracker.t]\nkind = \"forgejo\"\n",
              {"[tracker.t] has no url", "[tracker.t] has no token_env"}},
        Wrong{"PlaneWithoutAnything",
              "[tracker.t]\nkind = \"plane\"\n",
              {"fleet.toml:1:1: error: [tracker.t] has no workspace", "[tracker.t] has no states",
               "[tracker.t] has no token_env"}},
        Wrong{"PlaneStatesThatAreMissing",
              plane("states = { ready = \"Ready\", done = \"Done\" }\n"),
              {"fleet.toml:5:10: error: [tracker.t.states] has no in_progress",
               "has no needs_human", "name a state of the projects"}},
        Wrong{"PlaneStateOfAnotherName",
              plane("[tracker.t.states]\nredy = \"Ready\"\n"),
              {"fleet.toml:6:1: error: ", "redy", "did you mean \"ready\"?"}},
        Wrong{"PlaneOneStateTwice",
              plane("[tracker.t.states]\nready = \"Todo\"\nin_progress = \"In Progress\"\n"
                    "needs_human = \"TODO\"\ndone = \"Done\"\n"),
              {"fleet.toml:8:15: error: ready and needs_human name the same state \"TODO\""}},
        Wrong{"PlaneStateWithoutName",
              plane("[tracker.t.states]\nready = \" \"\n"),
              {"fleet.toml:6:9: error: ", "names no state"}},
        Wrong{"PlaneStatesAreNoTable",
              plane("states = [\"Ready\"]\n"),
              {"fleet.toml:5:10: error: states has the wrong type: an array"}},
        Wrong{"PlaneStateIsNoText",
              plane("[tracker.t.states]\nready = 7\n"),
              {"fleet.toml:6:9: error: ", "ready has the wrong type: an integer"}},
        Wrong{"PlaneWorkspaceIsAnAddress",
              "[tracker.t]\nkind = \"plane\"\nworkspace = \"https://app.plane.so/acme\"\n",
              {"fleet.toml:3:13: error: ", "is no slug"}},
        Wrong{"StatesOfAnotherKind",
              "[tracker.t]\nkind = \"forgejo\"\nworkspace = \"acme\"\n"
              "[tracker.t.states]\nready = \"Ready\"\n",
              {"workspace means nothing for kind \"forgejo\"",
               "states means nothing for kind \"forgejo\""}},
        Wrong{"CiKind", "[ci.c]\nkind = \"check\"\n", {"did you mean \"checks\"?"}},
        Wrong{"CiKeyOfAnotherKind",
              "[ci.c]\nkind = \"checks\"\ncommand = [\"make\"]\nevents = [\"push\"]\n",
              {"command means nothing for kind \"checks\"",
               "events means nothing for kind \"checks\""}},
        Wrong{"CiCommandWithExpect",
              "[ci.c]\nexpect = [\"a\"]\n",
              {"expect means nothing for kind \"command\""}},
        Wrong{"WoodpeckerWithoutAnything",
              "[ci.c]\nkind = \"woodpecker\"\n",
              {"[ci.c] has no url", "[ci.c] has no token_env"}},
        Wrong{"WoodpeckerWithoutEvents",
              "[ci.c]\nkind = \"woodpecker\"\nurl = \"https://a\"\nevents = []\n",
              {"no pipeline would ever count"}},
        Wrong{"CiSucceedWithoutExpect",
              "[ci.c]\nkind = \"checks\"\nexpect = [\"build\"]\nsucceed = [\"biuld\"]\n",
              {"succeed names \"biuld\", and expect does not", "did you mean \"build\"?"}},
        Wrong{"NotifyWithoutKind", "[notify.n]\npath = \"x\"\n", {"[notify.n] has no kind"}},
        Wrong{"NotifyFileWithoutPath", "[notify.n]\nkind = \"file\"\n", {"[notify.n] has no path"}},
        Wrong{"NotifyFileWithUrl",
              "[notify.n]\nkind = \"file\"\npath = \"x\"\nurl = \"https://a\"\n",
              {"url means nothing for kind \"file\""}},
        Wrong{"NotifyUrlScheme",
              "[notify.n]\nkind = \"webhook\"\nurl = \"ftp://a\"\n",
              {"is not an http or https address"}},
        Wrong{"NotifyTokenTwice",
              "[notify.n]\nkind = \"webhook\"\nurl = \"https://a\"\ntoken_env = \"A\"\ntoken_file "
              "= \"b\"\n",
              {"exclude each other"}},
        Wrong{"NotifyTokenFileGone",
              "[notify.n]\nkind = \"webhook\"\nurl = \"https://a\"\ntoken_file = \"b\"\n",
              {"there is no file"}},
        Wrong{"PipelineWithoutStages", "[pipeline.p]\n", {"[pipeline.p] has no stages"}},
        Wrong{"PipelineEmpty", stages(""), {"needs at least one stage"}},
        Wrong{"PipelineKind",
              stages("{ kind = \"deploy\" }"),
              {"unknown kind \"deploy\"", "\"agent\" or \"command\" or \"land\" or \"ci\""}},
        Wrong{"PipelineTwoNames",
              stages("{ kind = \"agent\" }, { kind = \"agent\" }"),
              {"stage \"agent\" is there twice"}},
        Wrong{"Invariant10_LandingUnverified",
              stages("{ kind = \"agent\" }, { kind = \"land\" }"),
              {"stage \"land\" would land unverified work"}},
        Wrong{"Invariant10_WorkAfterVerification",
              stages("{ kind = \"agent\" }, { kind = \"command\" }, { kind = \"agent\", name = "
                     "\"again\" }, { kind = \"land\" }"),
              {"would land unverified work"}},
        Wrong{"LandNothing",
              stages("{ kind = \"command\" }, { kind = \"land\" }"),
              {"has nothing to land"}},
        Wrong{
            "CiBeforeLand", stages("{ kind = \"agent\" }, { kind = \"ci\" }"), {"has not landed"}},
        Wrong{"AgentAfterLand",
              stages("{ kind = \"agent\" }, { kind = \"command\" }, { kind = \"land\" }, { kind = "
                     "\"agent\", name = \"b\" }"),
              {"works after landing"}},
        Wrong{"LandTwice",
              stages("{ kind = \"agent\" }, { kind = \"command\" }, { kind = \"land\" }, { kind = "
                     "\"land\", name = \"b\" }"),
              {"lands once"}},
        Wrong{
            "StageAgentUnknown",
            "[agent.coder]\ncommand = [\"a\"]\n" + stages("{ kind = \"agent\", agent = \"codr\" }"),
            {"there is no agent \"codr\"", "did you mean \"coder\"?"}},
        Wrong{"StageAgentElsewhere",
              stages("{ kind = \"ci\", agent = \"x\" }"),
              {"agent means nothing in a stage of kind \"ci\""}},
        Wrong{"StagePromptElsewhere",
              stages("{ kind = \"land\", prompt = \"x\" }"),
              {"prompt means nothing in a stage of kind \"land\""}},
        Wrong{"StagePromptTwice",
              stages("{ kind = \"agent\", prompt = \"x\", prompt_file = \"y\" }"),
              {"prompt and prompt_file exclude each other"}},
        Wrong{"StagePromptPlaceholder",
              stages("{ kind = \"agent\", prompt = \"Review {{tilte}}\" }"),
              {"the prompt:1:8: unknown placeholder {{tilte}}, did you mean {{title}}?"}},
        Wrong{"StageCommandElsewhere",
              stages("{ kind = \"agent\", command = [\"x\"] }"),
              {"command means nothing in a stage of kind \"agent\""}}),
    row_name);

}  // namespace
}  // namespace manifests

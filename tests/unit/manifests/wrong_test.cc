// One row per thing that can be wrong: the manifest and what is said about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "folder.h"
#include "manifests/checks.h"
#include "manifests/report.h"

namespace manifests {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Wrong {
  const char* name;
  std::string manifest;  ///< "+..." is appended to the minimal fleet
  std::vector<std::string> says;
};

void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << wrong.name;
}

class WrongManifest : public testing::TestWithParam<Wrong> {};

TEST_P(WrongManifest, IsExplained) {
  const std::string& text = GetParam().manifest;
  const Folder folder(text.starts_with('+') ? std::string(kMinimal) + text.substr(1) : text);
  const std::string errors = folder.errors();
  ASSERT_FALSE(errors.empty()) << "it loads";
  for (const std::string& expected : GetParam().says) {
    EXPECT_THAT(errors, HasSubstr(expected));
  }
}

std::string stages(const std::string& list) {
  return "[pipeline.p]\nstages = [" + list + "]\n";
}
std::string repo(const std::string& name, const std::string& rest) {
  return "+[[repo]]\nname = \"" + name + "\"\ntest = [\"t\"]\n" + rest + "\n";
}

INSTANTIATE_TEST_SUITE_P(
    Tables, WrongManifest,
    testing::Values(
        Wrong{"UnknownTable",
              "[limit]\n",
              {"fleet.toml:1:2: error: unknown table \"limit\"", "did you mean \"limits\"?"}},
        Wrong{"UnknownKey",
              "[limits]\nfix_atempts = 1\n",
              {"fleet.toml:2:1: error: unknown key \"fix_atempts\" in [limits]",
               "did you mean \"fix_attempts\"?"}},
        Wrong{"UnknownLabel",
              "[fleet]\nlabels = { redy = \"x\" }\n",
              {"unknown key \"redy\"", "did you mean \"ready\"?"}},
        Wrong{"UnknownStageKey",
              stages("{ kind = \"agent\", agnt = \"x\" }"),
              {"did you mean \"agent\"?"}},
        Wrong{"KeyOutsideOfTables",
              "kill_switch = false\n",
              {"outside of any table", "it belongs below [fleet]"}},
        Wrong{"TableTwice", "[limits]\n[limits]\n", {"fleet.toml:2:"}},
        Wrong{"TableIsValue",
              "limits = 3\n",
              {"fleet.toml:1:1: error: limits has the wrong type: an integer"}},
        Wrong{"NamedTableIsValue",
              "[agent]\ncommand = [\"x\"]\n",
              {"agent.command has the wrong type", "[agent.NAME]"}},
        Wrong{"NamedTableBadName",
              "[agent.\"-x\"]\ncommand = [\"x\"]\n",
              {"must begin with a letter or digit"}},
        Wrong{"NamedTableEscape", "[ci.\"a\\u001b[31m\"]\n", {"holds control character 0x1b"}},
        Wrong{"RepoSingleBrackets",
              "[repo]\nname = \"a\"\n",
              {"repo has the wrong type: a table", "[[repo]]"}},
        Wrong{"RepoIsNumber", "repo = [1]\n", {"repo has the wrong type: an integer"}},
        Wrong{"DefaultsWithRemote",
              "[defaults]\nremote = \"x\"\n",
              {"unknown key \"remote\" in [defaults]"}}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Fleet, WrongManifest,
    testing::Values(
        Wrong{"Invariant8_KillSwitchText",
              "[fleet]\nkill_switch = \"false\"\n",
              {"fleet.toml:2:15: error: kill_switch has the wrong type: a string",
               "true or false, without quotes"}},
        Wrong{"Invariant8_KillSwitchNumber",
              "[fleet]\nkill_switch = 0\n",
              {"kill_switch has the wrong type: an integer"}},
        Wrong{"AllowStar", "[fleet]\nallow = [\"*\"]\n", {"the allowlist takes names only"}},
        Wrong{"AllowUnknown",
              "+[notify.a]\nkind = \"file\"\npath = \"x\"\n[[repo]]\nname = \"acme/shp\"\nremote = "
              "\"y\"\ntest = [\"t\"]\nci = \"x\"\n",
              {"there is no ci \"x\""}},
        Wrong{"AllowTypo",
              "[fleet]\nallow = [\"acme/shp\"]\n[tracker.t]\npath = \"i\"\n[agent.a]\ncommand = "
              "[\"a\"]\n[[repo]]\nname = "
              "\"acme/shop\"\nremote = \"r\"\ntest = [\"t\"]\n",
              {"fleet.toml:2:10: error: the allowlist names \"acme/shp\"",
               "did you mean \"acme/shop\"?"}},
        Wrong{"AllowTwice", "[fleet]\nallow = [\"a\", \"a\"]\n", {"stands in allow twice"}},
        Wrong{
            "AllowNotStrings", "[fleet]\nallow = [1]\n", {"allow has the wrong type: an integer"}},
        Wrong{"Containment",
              "[fleet]\ncontainment = \"stong\"\n",
              {"unknown containment \"stong\"", "did you mean \"strong\"?"}},
        Wrong{"SameLabels",
              "[fleet]\nlabels = { ready = \"x\", human = \"x\" }\n",
              {"two labels have the same name"}},
        Wrong{"EmptyLabel", "[fleet]\nlabels = { ready = \"\" }\n", {"ready \"\" is empty"}},
        Wrong{"LabelsText", "[fleet]\nlabels = \"x\"\n", {"labels has the wrong type"}},
        Wrong{"ControlCharacterInBot",
              "[fleet]\nbot = \"a\\u0007b\"\n",
              {"bot", "holds control character 0x07"}},
        Wrong{"C1ControlInBot", "[fleet]\nbot = \"a\\u009bb\"\n", {"holds control character 0x9b"}},
        Wrong{"EmptyStateDir", "[fleet]\nstate_dir = \"\"\n", {"state_dir \"\" is empty"}}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Numbers, WrongManifest,
    testing::Values(
        Wrong{"ZeroLimit",
              "[limits]\nmax_live_runs = 0\n",
              {"max_live_runs = 0 is impossible", "expected 1 or more"}},
        Wrong{"NegativeLimit", "[limits]\nturn_processes = -1\n", {"expected 0 or more"}},
        Wrong{"HugeLimit", "[limits]\nfix_attempts = 9223372036854775807\n", {"at most 1000000"}},
        Wrong{"LimitAsText",
              "[limits]\nfix_attempts = \"5\"\n",
              {"fix_attempts has the wrong type: a string", "expected an integer"}},
        Wrong{"DurationNumber",
              "[limits]\nturn_deadline = 60\n",
              {"turn_deadline has the wrong type: an integer", "\"90s\""}},
        Wrong{"DurationNoUnit",
              "[limits]\nturn_deadline = \"60\"\n",
              {"turn_deadline \"60\" is not a duration"}},
        Wrong{"DurationZero", "[limits]\nfix_window = \"0s\"\n", {"must be longer than nothing"}},
        Wrong{"GraceAboveDeadline",
              "[limits]\nturn_deadline = \"1m\"\nturn_grace = \"2m\"\n",
              {"fleet.toml:3:14: error: turn_grace is greater than turn_deadline"}},
        Wrong{"FirstByteAboveDeadline",
              "[limits]\nturn_first_byte = \"2h\"\n",
              {"turn_first_byte is greater than turn_deadline"}},
        Wrong{"SilenceAboveDeadline",
              "[limits]\nturn_silence = \"2h\"\n",
              {"turn_silence is greater than turn_deadline"}},
        Wrong{"StartsAboveRuns",
              "[limits]\nmax_starts_per_tick = 3\n",
              {"max_starts_per_tick is greater than max_live_runs"}},
        Wrong{"SizeUnit",
              "[limits]\nissue_bytes = \"2Gib\"\n",
              {"issue_bytes = \"2Gib\" is not a size"}},
        Wrong{"SizeZero", "[limits]\nissue_bytes = 0\n", {"issue_bytes = 0 is impossible"}},
        Wrong{"SizeOverflow", "[limits]\nissue_bytes = \"99999999999TiB\"\n", {"is not a size"}},
        Wrong{"MoneyNegative", "[budget]\nrun_usd = -1\n", {"run_usd -1 is not an amount"}},
        Wrong{"MoneyTooFine",
              "[budget]\nrun_usd = \"0.0000001\"\n",
              {"is not an amount", "at most six decimals"}},
        Wrong{"MoneyNan", "[budget]\nrun_usd = nan\n", {"run_usd nan is not an amount"}},
        Wrong{"MoneyZero", "[budget]\nfleet_day_usd = 0\n", {"nothing could ever start"}},
        Wrong{"MoneyBoolean",
              "[budget]\nrun_usd = false\n",
              {"run_usd has the wrong type: a boolean"}},
        Wrong{"CapBelowTurn",
              "[budget]\nfleet_day_usd = 2\n",
              {"fleet_day_usd is less than per_turn_usd", "default 5.00"}},
        Wrong{"TokensBelowTurn",
              "[budget]\nrun_tokens = 10\n",
              {"run_tokens is less than per_turn_tokens"}},
        Wrong{"CapZero", "[budget]\nrun_turns = 0\n", {"run_turns = 0 is impossible"}},
        Wrong{"CapText",
              "[budget]\nrun_turns = \"nothing\"\n",
              {"run_turns has the wrong type", "an integer, or \"none\""}},
        Wrong{"PoolNegative", "[retention]\npool_size = -1\n", {"pool_size = -1 is impossible"}}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Named, WrongManifest,
    testing::Values(
        Wrong{"TrackerWithoutPath", "[tracker.t]\n", {"[tracker.t] has no path"}},
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
        Wrong{"StageCommandElsewhere",
              stages("{ kind = \"agent\", command = [\"x\"] }"),
              {"command means nothing in a stage of kind \"agent\""}}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Repos, WrongManifest,
    testing::Values(
        Wrong{"NoName",
              "+[[repo]]\nremote = \"x\"\ntest = [\"t\"]\n",
              {"fleet.toml:12:1: error: the repository has no name"}},
        Wrong{"NoRemote", repo("b", ""), {"the repository has no remote"}},
        Wrong{"NoTest",
              "+[[repo]]\nname = \"b\"\nremote = \"b\"\n",
              {"the repository has no test command, and stage \"verify\""}},
        Wrong{"Twice",
              repo("acme/shop", "remote = \"b\""),
              {"repository \"acme/shop\" is declared twice", "fleet.toml:8:1"}},
        Wrong{"SameRemote",
              repo("b", "remote = \"./shop.git\""),
              {"\"b\" has the same remote and base branch as \"acme/shop\""}},
        Wrong{"SameFolder",
              repo("b", "remote = \"b\"\ntracker_path = \"acme/shop\""),
              {"would share a folder"}},
        Wrong{"FolderInFolder",
              repo("acme", "remote = \"b\""),
              {"would share a folder: acme and acme/shop", "set tracker_path"}},
        Wrong{"Tracker",
              repo("b", "remote = \"b\"\ntracker = \"isues\""),
              {"there is no tracker \"isues\"", "did you mean \"issues\"?"}},
        Wrong{"Agent",
              repo("b", "remote = \"b\"\nagent = \"codr\""),
              {"there is no agent \"codr\"", "did you mean \"coder\"?"}},
        Wrong{"Ci",
              repo("b", "remote = \"b\"\nci = \"x\""),
              {"there is no ci \"x\"", "declare a [ci.x]"}},
        Wrong{"PipelineUnknown",
              repo("b", "remote = \"b\"\npipeline = \"defualt\""),
              {"there is no pipeline \"defualt\"", "did you mean \"default\"?"}},
        Wrong{
            "Notify", repo("b", "remote = \"b\"\nnotify = [\"x\"]"), {"there is no notify \"x\""}},
        Wrong{"TwoTrackers",
              "+[tracker.more]\npath = \"x\"\n",
              {"names no tracker", "one of issues, more"}},
        Wrong{"NoAgentAtAll",
              "[tracker.t]\npath = \"i\"\n[[repo]]\nname = \"a\"\nremote = \"r\"\ntest = [\"t\"]\n",
              {"names no agent", "declare a [agent.NAME]"}},
        Wrong{"Invariant11_NameWithDots", repo("a/../b", "remote = \"b\""), {"has '..' as a part"}},
        Wrong{"Invariant11_NameLikeOption", repo("-x", "remote = \"b\""), {"begins with '-'"}},
        Wrong{"Invariant11_NameWithSlash",
              repo("/etc", "remote = \"b\""),
              {"empty part between slashes"}},
        Wrong{"NameWithBlank", repo("a b", "remote = \"b\""), {"may only hold letters"}},
        Wrong{"Invariant11_RemoteLikeOption",
              repo("b", "remote = \"--upload-pack=x\""),
              {"begins with '-', like an option"}},
        Wrong{
            "Invariant11_RemoteHelper", repo("b", "remote = \"ext::sh -c id\""), {"remote helper"}},
        Wrong{
            "RemoteScheme", repo("b", "remote = \"gopher://x/y\""), {"not a URL that git can use"}},
        Wrong{"Invariant11_BaseLikeOption",
              repo("b", "remote = \"b\"\nbase = \"--all\""),
              {"base \"--all\" begins with '-'"}},
        Wrong{"BaseWithDots", repo("b", "remote = \"b\"\nbase = \"a..b\""), {"has '..' in it"}},
        Wrong{"BaseFullRef",
              repo("b", "remote = \"b\"\nbase = \"refs/heads/main\""),
              {"without refs/heads/"}},
        Wrong{"BaseLock", repo("b", "remote = \"b\"\nbase = \"a.lock\""), {"\".lock\""}},
        Wrong{"GlobAbsolute",
              repo("b", "remote = \"b\"\nprotected_paths = [\"/x\"]"),
              {"without a leading '/'"}},
        Wrong{"GlobNegated",
              repo("b", "remote = \"b\"\nprotected_paths = [\"!x\"]"),
              {"there are no exceptions"}},
        Wrong{"GlobUp",
              repo("b", "remote = \"b\"\nprotected_paths = [\"../x\"]"),
              {"has '..' as a part"}},
        Wrong{"Invariant11_TrackerPathUp",
              repo("b", "remote = \"b\"\ntracker_path = \"../x\""),
              {"has '..' as a part"}},
        Wrong{"SetupNotNested",
              repo("b", "remote = \"b\"\nsetup = [\"npm\", \"ci\"]"),
              {"setup has the wrong type: a string"}},
        Wrong{"PromptTwice",
              repo("b", "remote = \"b\"\nprompt = \"x\"\nprompt_file = \"y\""),
              {"exclude each other"}},
        Wrong{"PromptFileGone",
              repo("b", "remote = \"b\"\nprompt_file = \"y\""),
              {"cannot read", "No such file"}},
        Wrong{"TestShellString",
              "+[[repo]]\nname = \"b\"\nremote = \"b\"\ntest = \"make\"\n",
              {"test has the wrong type: a string"}}),
    [](const auto& row) { return std::string(row.param.name); });

class SecretInManifest : public testing::TestWithParam<const char*> {};

TEST_P(SecretInManifest, Invariant12_IsRefusedAndNeverRepeated) {
  const Folder folder(GetParam());
  const std::string errors = folder.errors();
  EXPECT_FALSE(errors.empty());
  EXPECT_THAT(errors, HasSubstr("[redacted]"));
  EXPECT_THAT(errors, Not(HasSubstr("hunter2")));
}

INSTANTIATE_TEST_SUITE_P(
    All, SecretInManifest,
    testing::Values(
        "[notify.n]\nkind = \"webhook\"\nurl = \"https://a\"\ntoken = \"hunter2\"\n",
        "[notify.n]\nkind = \"webhook\"\nurl = \"https://a\"\n\"api-key\" = 'hunter2'\n",
        "[notify]\nn = { kind = \"webhok\", token = \"hunter2\", url = \"x\" }\n",
        "[notify.n]\nkind = \"webhook\"\nurl = \"https://me:hunter2@a/b\"\n",
        "[notify.n]\nkind = \"webhook\"\nurl = \"https://me:x/hunter2@a/b\"\n",
        "[[repo]]\nname = \"a\"\nremote = \"https://hunter2@example.org/x\"\n",
        "[[repo]]\nname = \"a\"\nremote = \"ssh://git:hunter2@example.org/x\"\n",
        "[agent.a]\ncommand = [\"a\"]\nenv = { API_TOKEN = \"hunter2\" }\n",
        "password = \"hunter2\n", "token = hunter2\n"));

TEST(Checks, GoodValuesPass) {
  for (const char* good : {"main", "release/1.x", "feature-x", "ü"}) {
    EXPECT_EQ(check_branch(good), std::nullopt) << good;
  }
  for (const char* good :
       {"https://example.org/a.git", "ssh://git@example.org:22/a", "git@example.org:a/b.git",
        "/srv/a.git", "../a", "file:///srv/a.git", "C/with:colon"}) {
    EXPECT_EQ(check_remote(good), std::nullopt) << good;
  }
  EXPECT_FALSE(is_url("./a:b"));
  EXPECT_FALSE(is_url("/a:b"));
  EXPECT_TRUE(is_url("host:path"));
  for (const char* good : {"a", "acme/shop", "a.b_c-d/e"}) {
    EXPECT_EQ(check_repo_name(good), std::nullopt) << good;
  }
  for (const char* good : {"*", "**/x", ".github/**", "a?c", "docs/", "[id].ts"}) {
    EXPECT_EQ(check_glob(good), std::nullopt) << good;
  }
}

TEST(Checks, SizesReadBack) {
  EXPECT_EQ(parse_size("2GiB"), 2LL << 30);
  EXPECT_EQ(parse_size("2 MB"), 2'000'000);
  EXPECT_EQ(parse_size("7"), 7);
  for (const char* bad : {"", "GiB", "-1", "1.5GiB", "1XB", "1GiBB", "9999999999999999999999"}) {
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
  }
  for (const std::int64_t bytes : {0LL, 1LL, 1000LL, 1024LL, 64LL << 20, (1LL << 40) + 1}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  }
}

TEST(Report, SecretNames) {
  for (const char* name : {"token", "API_TOKEN", "api-key", "Password", "client_secret"}) {
    EXPECT_TRUE(names_a_secret(name)) << name;
  }
  for (const char* name :
       {"token_env", "token_file", "per_turn_tokens", "MAX_TOKENS", "TOKENIZERS_PARALLELISM"}) {
    EXPECT_FALSE(names_a_secret(name)) << name;
  }
}

}  // namespace
}  // namespace manifests

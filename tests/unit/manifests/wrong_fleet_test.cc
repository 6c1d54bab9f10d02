// One row per thing that can be wrong with the tables of the fleet and its numbers.
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/manifests/wrong.h"

namespace manifests {
namespace {

class WrongFleet : public testing::TestWithParam<Wrong> {};

TEST_P(WrongFleet, IsExplained) {
  expect_explained(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Tables, WrongFleet,
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
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Fleet, WrongFleet,
    testing::Values(
        Wrong{"Invariant8_KillSwitchText",
              "[fleet]\nkill_switch = \"false\"\n",
              {"fleet.toml:2:15: error: kill_switch has the wrong type: a string",
               "true or false, without quotes"}},
        Wrong{"Invariant8_KillSwitchNumber",
              "[fleet]\nkill_switch = 0\n",
              {"kill_switch has the wrong type: an integer"}},
        Wrong{"AllowStar", "[fleet]\nallow = [\"*\"]\n", {"the allowlist takes names only"}},
        Wrong{"TimeZoneUnknown",
              "[budget]\ntime_zone = \"Europe/Brelin\"\n",
              {"fleet.toml:2:13: error: time_zone: this machine knows no \"Europe/Brelin\"",
               "Europe/Berlin"}},
        Wrong{"TimeZoneIsPath",
              "[budget]\ntime_zone = \"/etc/localtime\"\n",
              {"time_zone: this machine knows no \"/etc/localtime\""}},
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
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Numbers, WrongFleet,
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
    row_name);

}  // namespace
}  // namespace manifests

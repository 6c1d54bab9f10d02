// One row per thing that can be wrong with a repository.
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/manifests/wrong.h"

namespace manifests {
namespace {

class WrongRepo : public testing::TestWithParam<Wrong> {};

TEST_P(WrongRepo, IsExplained) {
  expect_explained(GetParam());
}

std::string repo(const std::string& name, const std::string& rest) {
  return "+[[repo]]\nname = \"" + name + "\"\ntest = [\"t\"]\n" + rest + "\n";
}

constexpr const char* kPlane =
    "+[tracker.p]\nkind = \"plane\"\nworkspace = \"acme\"\ntoken_file = \"fleet.toml\"\n"
    "states = { ready = \"R\", in_progress = \"I\", needs_human = \"H\", done = \"D\" }\n";

INSTANTIATE_TEST_SUITE_P(
    Repos, WrongRepo,
    testing::Values(
        Wrong{"NoName",
              "+[[repo]]\nremote = \"x\"\ntest = [\"t\"]\n",
              {"fleet.toml:12:1: error: the repository has no name"}},
        Wrong{"MergeWithoutPullRequest",
              repo("b", "remote = \"b\"\nmerge_when_green = true"),
              {"merge_when_green means nothing without a pull request",
               "set landing = \"pull-request\""}},
        Wrong{"PullRequestOnFiles",
              repo("b", "remote = \"b\"\nlanding = \"pull-request\""),
              {"which has no pull requests", "kind \"github\" or \"forgejo\""}},
        Wrong{"LandingUnknown",
              repo("b", "remote = \"b\"\nlanding = \"pull-reqest\""),
              {"unknown landing \"pull-reqest\"", "did you mean \"pull-request\"?"}},
        Wrong{"SmudgeOfTheRepository",
              repo("b", "remote = \"b\"\nsmudge = { lfs = [\"./tools/smudge\"] }"),
              {"smudge.lfs would be a file of the folder that it runs in", "an absolute path"}},
        Wrong{"SmudgeIsNoCommand",
              repo("b", "remote = \"b\"\nsmudge = { lfs = \"git lfs smudge\" }"),
              {"smudge.lfs", "an array"}},
        Wrong{"SmudgeOfNothing",
              repo("b", "remote = \"b\"\nsmudge = { lfs = [] }"),
              {"smudge.lfs names no program"}},
        Wrong{"SmudgeNoTable",
              repo("b", "remote = \"b\"\nsmudge = [\"x\"]"),
              {"a table of commands such as { lfs ="}},
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
        Wrong{"TwoTokens",
              repo("b",
                   "remote = \"https://g.org/b\"\nremote_token_env = \"X\"\n"
                   "remote_token_file = \"fleet.toml\""),
              {"remote_token_env and remote_token_file exclude each other"}},
        Wrong{"TokenAndTracker",
              repo("b",
                   "remote = \"https://g.org/b\"\nremote_token_file = \"fleet.toml\"\n"
                   "remote_as_tracker = true"),
              {"a token and remote_as_tracker exclude each other"}},
        Wrong{"NoSuchVariable",
              repo("b", "remote = \"https://g.org/b\"\nremote_token_env = \"GONE\""),
              {"the environment variable GONE is not set", "set it where the runner starts"}},
        Wrong{"NoSuchTokenFile",
              repo("b", "remote = \"https://g.org/b\"\nremote_token_file = \"gone\""),
              {"there is no file"}},
        Wrong{"LiteralToken",
              repo("b", "remote = \"https://g.org/b\"\nremote_token = \"hunter2\""),
              {"remote_token would put a secret into the manifest", "[redacted]"}},
        Wrong{"AFolderAsTracker",
              repo("b", "remote = \"https://g.org/b\"\nremote_as_tracker = true"),
              {"tracker \"issues\" is a folder and has no credential"}},
        Wrong{"PlaneAsTracker",
              std::string(kPlane) + repo("b",
                                         "remote = \"https://g.org/b\"\ntracker = \"p\"\n"
                                         "remote_as_tracker = true")
                                        .substr(1),
              {"tracker \"p\" is no host of repositories: git must not get its credential",
               "set remote_token_env"}},
        Wrong{"PlaneWithoutAProject",
              std::string(kPlane) + repo("a/b", "remote = \"b\"\ntracker = \"p\"").substr(1),
              {"\"a/b\" is no project of Plane", "identifier such as \"SHOP\""}},
        Wrong{"OneProjectOfPlaneTwice",
              std::string(kPlane) +
                  repo("b", "remote = \"b\"\ntracker = \"p\"\ntracker_path = \"shop\"").substr(1) +
                  repo("c", "remote = \"c\"\ntracker = \"p\"\ntracker_path = \"SHOP\"").substr(1),
              {"would share a folder: SHOP and SHOP"}},
        Wrong{"OneTokenForTwoHosts",
              "+[defaults]\nremote_token_file = \"fleet.toml\"\n" +
                  repo("b", "remote = \"https://g.org/b\"").substr(1) +
                  repo("c", "remote = \"https://h.org/c\"").substr(1),
              {"this token would go to two hosts: https://g.org and https://h.org",
               "set it in each [[repo]]"}},
        Wrong{"SshWithoutAKey",
              repo("b", "remote = \"git@g.org:b.git\"\nssh_known_hosts = \"fleet.toml\""),
              {"an ssh remote needs ssh_key"}},
        Wrong{"SshWithoutHostKeys",
              repo("b", "remote = \"ssh://git@g.org/b.git\"\nssh_key = \"fleet.toml\""),
              {"an ssh remote needs ssh_known_hosts", "as ssh-keyscan prints"}},
        Wrong{"NoSuchKey",
              repo("b",
                   "remote = \"git@g.org:b.git\"\nssh_known_hosts = \"fleet.toml\"\n"
                   "ssh_key = \"gone\""),
              {"there is no file"}},
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
    row_name);

}  // namespace
}  // namespace manifests

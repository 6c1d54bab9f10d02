#include "manifests/load.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "folder.h"
#include "manifests/fields.h"
#include "manifests/keys.h"

namespace manifests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

jobs::Fleet fleet_of(const Folder& folder) {
  auto loaded = folder.load();
  EXPECT_TRUE(loaded) << folder.errors();
  return loaded ? std::move(loaded->fleet) : jobs::Fleet{};
}

TEST(Load, TheMinimalManifestFillsInTheRest) {
  const Folder folder(kMinimal);
  const jobs::Fleet fleet = fleet_of(folder);
  EXPECT_FALSE(fleet.kill_switch);
  EXPECT_TRUE(fleet.allows(jobs::RepoName("acme/shop")));
  EXPECT_EQ(fleet.state_dir, folder.str() + "/state");
  EXPECT_EQ(fleet.limits, jobs::Limits{});
  EXPECT_EQ(fleet.retention, jobs::Retention{});
  EXPECT_EQ(fleet.budget.per_turn.turns, 1);
  EXPECT_EQ(fleet.budget.per_turn.seconds, 3600);
  EXPECT_EQ(fleet.pipelines.at("default"), jobs::default_pipeline());
  ASSERT_EQ(fleet.repos.size(), 1U);
  const jobs::Repo& repo = fleet.repos[0];
  EXPECT_EQ(repo.remote, folder.str() + "/shop.git");
  EXPECT_EQ(repo.tracker, "issues");
  EXPECT_EQ(repo.tracker_path, "acme/shop");
  EXPECT_EQ(repo.agent, "coder");
  EXPECT_EQ(repo.ci, "");
  EXPECT_EQ(repo.base, "main");
  EXPECT_EQ(repo.declared_at, "fleet.toml:8:1");
  EXPECT_THAT(repo.test, ElementsAre("make", "test"));
  EXPECT_EQ(fleet.agents.at("coder").command[0], folder.str() + "/agent.sh");
  EXPECT_EQ(fleet.trackers.at("issues").path, folder.str() + "/issues");
}

TEST(Load, Invariant8_TheKillSwitchIsOnAndTheAllowlistEmptyUnlessSaidOtherwise) {
  const Folder folder("[limits]\nmax_live_runs = 3\n");
  const jobs::Fleet fleet = fleet_of(folder);
  EXPECT_TRUE(fleet.kill_switch);
  EXPECT_TRUE(fleet.allow.empty());
}

TEST(Load, EveryExampleLoads) {
  const std::filesystem::path examples =
      std::filesystem::path(RUNNER_SOURCE_DIR) / "manifests/examples";
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(examples)) {
    if (entry.path().extension() != ".toml") {
      continue;
    }
    const Folder folder;
    std::filesystem::copy(entry.path(), folder / entry.path().filename().string());
    EXPECT_TRUE(folder.load()) << entry.path() << "\n" << folder.errors();
    ++seen;
  }
  EXPECT_GE(seen, 1);
}

TEST(Load, ReadsEveryKey) {
  Folder folder(R"([fleet]
kill_switch = true
allow = ["a", "b/c"]
state_dir = "/var/lib/runner/"
labels = { ready = "go", in_progress = "busy", human = "help" }
containment = "strong"
bot = "robot"
metrics_textfile = "out/runner.prom"
[limits]
max_live_runs = 9
max_starts_per_tick = 4
turn_deadline = "1h30m"
turn_silence = "90s"
turn_memory_bytes = "2GiB"
turn_output_bytes = 1000
land_changed_files = 7
[budget]
per_turn_usd = 1.25
per_turn_tokens = 5
run_usd = "none"
run_tokens = "none"
issue_usd = "12.5"
fleet_month_usd = 500
repo_day_turns = 3
[retention]
decisions = "2d"
pool_size = 0
[tracker.t]
kind = "local"
path = "../issues"
[agent.x]
command = ["agent", "-p"]
env = { A = "1" }
pass_env = ["KEY"]
usage_file = "out/usage.json"
model = "m"
[agent.y]
command = ["/bin/y"]
[ci.c]
command = ["./ci.sh"]
deadline = "5m"
[notify.f]
kind = "file"
path = "n.ndjson"
[notify.w]
kind = "webhook"
url = "https://example.org/hook"
token_env = "HOOK"
[pipeline.long]
stages = [
  { kind = "agent", agent = "y", name = "think" },
  { kind = "agent" },
  { kind = "command", command = ["make"] },
  { kind = "land" },
  { kind = "ci" },
]
[defaults]
agent = "x"
ci = "c"
test = ["t"]
notify = ["f"]
env = { D = "1" }
prompt_file = "prompt.md"
[[repo]]
name = "a"
remote = "https://example.org/a.git"
[[repo]]
name = "b/c"
remote = "git@example.org:b/c.git"
base = "release/1.x"
tracker = "t"
tracker_path = "elsewhere/c"
agent = "y"
pipeline = "long"
notify = ["w", "f"]
test = ["make", "check"]
setup = [["npm", "ci"], ["make", "deps"]]
setup_locks = ["package-lock.json"]
prompt = """
Hello
"""
prompt_in_repo = ".agent/prompt.md"
protected_paths = ["**/secret?", "docs/*"]
trusted = ["ada"]
env = { E = "2" }
)");
  folder.write("prompt.md", "from a file");
  folder.environment["HOOK"] = "value";
  const jobs::Fleet fleet = fleet_of(folder);
  EXPECT_TRUE(fleet.kill_switch);
  EXPECT_EQ(fleet.state_dir, "/var/lib/runner");
  EXPECT_EQ(fleet.labels, (jobs::Labels{"go", "busy", "help"}));
  EXPECT_EQ(fleet.containment, jobs::Containment::strong);
  EXPECT_EQ(fleet.bot, "robot");
  EXPECT_EQ(fleet.metrics_textfile, folder.str() + "/out/runner.prom");
  EXPECT_EQ(fleet.limits.turn_deadline, 90min);
  EXPECT_EQ(fleet.limits.turn_memory_bytes, 2LL << 30);
  EXPECT_EQ(fleet.limits.turn_output_bytes, 1000);
  EXPECT_EQ(fleet.limits.land_changed_files, 7);
  EXPECT_EQ(fleet.budget.per_turn, (jobs::Usage{jobs::Usd{1'250'000}, 5, 1, 5400}));
  EXPECT_FALSE(fleet.budget.run_tokens);
  EXPECT_EQ(fleet.budget.issue_usd, jobs::Usd{12'500'000});
  EXPECT_EQ(fleet.budget.fleet_month_usd, jobs::Usd{500'000'000});
  EXPECT_EQ(fleet.budget.repo_day_turns, 3);
  EXPECT_EQ(fleet.retention.pool_size, 0);
  EXPECT_EQ(fleet.agents.at("x").usage_file, "out/usage.json");
  EXPECT_EQ(fleet.agents.at("x").command[0], "agent");
  EXPECT_EQ(fleet.ci.at("c").command[0], "./ci.sh");
  EXPECT_EQ(fleet.ci.at("c").deadline, 5min);
  EXPECT_EQ(fleet.notify.at("w").token, (jobs::SecretRef{jobs::SecretRef::Source::env, "HOOK"}));
  EXPECT_EQ(fleet.pipelines.at("long").stages[0].agent, "y");
  EXPECT_EQ(fleet.pipelines.at("long").stages[4].name, "ci");
  ASSERT_EQ(fleet.repos.size(), 2U);
  EXPECT_EQ(fleet.repos[0].prompt, "from a file");
  EXPECT_THAT(fleet.repos[0].notify, ElementsAre("f"));
  EXPECT_EQ(fleet.repos[0].env.at("D"), "1");
  EXPECT_EQ(fleet.repos[1].remote, "git@example.org:b/c.git");
  EXPECT_EQ(fleet.repos[1].prompt, "Hello\n");
  EXPECT_EQ(fleet.repos[1].agent, "y");
  EXPECT_EQ(fleet.repos[1].ci, "c");
  EXPECT_THAT(fleet.repos[1].notify, ElementsAre("w", "f"));
  EXPECT_FALSE(fleet.repos[1].env.contains("D"));
  EXPECT_EQ(fleet.repos[1].setup.size(), 2U);
}

TEST(Load, TheNearerPromptWins) {
  Folder folder(std::string(kMinimal) +
                "prompt_file = \"own.md\"\n[defaults]\nprompt = \"everybody's\"\n");
  folder.write("own.md", "mine");
  EXPECT_EQ(fleet_of(folder).repos[0].prompt, "mine");
}

TEST(Load, OriginsSayWhereAValueCameFrom) {
  Folder folder(kMinimal);
  folder.write("more.toml", "[limits]\nfix_attempts = 2\n[defaults]\nbase = \"trunk\"\n");
  const auto loaded = folder.load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->origins.of("limits.fix_attempts"), folder.str() + "/more.toml:2:1");
  EXPECT_EQ(loaded->origins.of("repo.acme/shop.base"), folder.str() + "/more.toml:4:1");
  EXPECT_EQ(loaded->origins.of("repo.acme/shop.pipeline"), "default");
  EXPECT_THAT(loaded->files,
              ElementsAre(folder.str() + "/fleet.toml", folder.str() + "/more.toml"));
}

TEST(Load, UnsetLimitsGiveWayToTighterOnes) {
  const jobs::Fleet fleet =
      fleet_of(Folder("[limits]\nturn_deadline = \"5s\"\nmax_live_runs = 1\n"));
  EXPECT_EQ(fleet.limits.turn_silence, 5s);
  EXPECT_EQ(fleet.limits.turn_first_byte, 5s);
  EXPECT_EQ(fleet.limits.turn_grace, 5s);
  EXPECT_EQ(fleet.limits.max_starts_per_tick, 1);
}

// What the documentation calls the default must be what the program does.
TEST(Load, SayingADefaultChangesNothing) {
  for (const std::string table : {"fleet", "fleet.labels", "limits", "budget", "retention"}) {
    for (const KeySpec& spec : keys_of(table)) {
      if (spec.fallback.empty()) {
        continue;
      }
      const Folder silent("[" + table + "]\n");
      const Folder spoken("[" + table + "]\n" + std::string(spec.key) + " = " +
                          std::string(spec.fallback) + "\n");
      jobs::Fleet expected = fleet_of(silent);
      jobs::Fleet found = fleet_of(spoken);
      expected.state_dir.erase(0, silent.str().size());
      found.state_dir.erase(0, spoken.str().size());
      EXPECT_TRUE(expected == found) << table << "." << spec.key << " = " << spec.fallback;
    }
  }
}

TEST(Load, EveryFieldHasItsKey) {
  EXPECT_EQ(keys_of("limits").size(), limit_fields().size());
  EXPECT_EQ(keys_of("budget").size(), cap_fields().size() + 2);
  EXPECT_EQ(keys_of("retention").size(), retention_fields().size());
}

TEST(Load, AMissingFolderSaysWhatToDo) {
  const auto loaded = load({.directory = "/nonexistent/manifests", .env = {}});
  ASSERT_FALSE(loaded);
  const jobs::Error error = loaded.error().error();
  EXPECT_EQ(error.kind, jobs::ErrorKind::invalid_manifest);
  EXPECT_THAT(error.message, HasSubstr("/nonexistent/manifests: error: cannot read the folder"));
  EXPECT_THAT(error.message, HasSubstr("--manifests DIR"));
}

TEST(Load, AnEmptyFolderSaysWhatToDo) {
  const Folder folder;
  folder.write("readme.md", "no");
  folder.write("below/fleet.toml", "broken = ");
  folder.write(".hidden.toml", "broken = ");
  EXPECT_THAT(folder.errors(), HasSubstr("holds no manifest"));
}

TEST(Load, OneBrokenFileHidesNothingOfTheOthers) {
  const Folder folder("[limits]\nfix_attempts = 0\n");
  folder.write("a.toml", "x = ");
  folder.write("b.toml", std::string_view("y = \0", 5));
  folder.write("c.toml", "y = \"\xff\"");
  folder.write("d.toml", std::string(2 << 20, '#'));
  std::filesystem::create_directory(folder / "e.toml");
  std::filesystem::create_symlink("f.toml", folder / "f.toml");
  std::filesystem::create_symlink("nowhere", folder / "g.toml");
  ASSERT_EQ(::mkfifo((folder / "h.toml").c_str(), 0600), 0);
  folder.write("z.toml", "[limit]\n");
  const std::string errors = folder.errors();
  for (const char* expected :
       {"a.toml:1:", "b.toml:1:5: error: control character 0x00", "c.toml:1:6: error: byte 0xff",
        "d.toml: error: cannot read the manifest: it has more than",
        "e.toml: error: cannot read the manifest: it is a directory",
        "f.toml: error: cannot read the manifest: Too many levels of symbolic links",
        "g.toml: error: cannot read the manifest: No such file",
        "h.toml: error: cannot read the manifest: it is not a regular",
        "fleet.toml:2:16: error: fix_attempts = 0 is impossible",
        "z.toml:1:2: error: unknown table \"limit\"", "did you mean \"limits\"?"}) {
    EXPECT_THAT(errors, HasSubstr(expected));
  }
}

TEST(Load, ANameThatABrokenFileMayDeclareIsNotCalledUnknown) {
  Folder folder(std::string(kMinimal) + "ci = \"elsewhere\"\n");
  folder.write("ci.toml", "[ci.elsewhere]\ncommand = \n");
  const auto loaded = folder.load();
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().diagnostics.size(), 1U) << folder.errors();
  EXPECT_THAT(loaded.error().diagnostics[0].at.file, HasSubstr("ci.toml"));
}

TEST(Load, AMissingTokenVariableIsAnError) {
  Folder folder(
      "[notify.w]\nkind = \"webhook\"\nurl = \"https://example.org\"\ntoken_env = \"HOOK\"\n");
  EXPECT_THAT(folder.errors(),
              HasSubstr("fleet.toml:4:13: error: the environment variable HOOK is not set"));
  folder.environment["HOOK"] = "";
  EXPECT_THAT(folder.errors(), HasSubstr("the environment variable HOOK is empty"));
  folder.environment["HOOK"] = "x";
  EXPECT_EQ(folder.errors(), "");
}

RC_GTEST_PROP(Load, NeverThrowsForRandomBytes,
              (const std::string& first, const std::string& second)) {
  const Folder folder(first);
  folder.write("b.toml", second);
  const auto loaded = folder.load();
  RC_ASSERT((loaded.has_value() || !loaded.error().diagnostics.empty()));
}

// Random keys and values of the right tables get past the parser and into the readers.
RC_GTEST_PROP(Load, NeverThrowsForAnyKeyWithAnyValue, ()) {
  const auto tables = table_names();
  std::string text;
  const int rows = *rc::gen::inRange(1, 6);
  for (int i = 0; i < rows; ++i) {
    const std::string table = *rc::gen::elementOf(tables);
    const bool named = table == "tracker" || table == "agent" || table == "ci" ||
                       table == "notify" || table == "pipeline";
    text += table == "repo" ? "[[repo]]\n" : "[" + table + (named ? ".x" : "") + "]\n";
    for (const std::string& key :
         *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(key_names(table)))) {
      text += key + " = " +
              *rc::gen::elementOf(std::vector<std::string>{"1",
                                                           "-9223372036854775808",
                                                           "9223372036854775807",
                                                           "1e300",
                                                           "nan",
                                                           "true",
                                                           "\"\"",
                                                           "\"..\"",
                                                           "\"\\u0000\"",
                                                           "\"-x\"",
                                                           "[]",
                                                           "[[]]",
                                                           "[{}]",
                                                           "{}",
                                                           "[\"a\", 1]",
                                                           "\"99999999999999999999s\"",
                                                           "2026-11-21",
                                                           "{ a.b.c = 1 }",
                                                           "[{ kind = \"land\" }]",
                                                           "\"x/../y\""}) +
              "\n";
    }
  }
  const Folder folder(text);
  const auto loaded = folder.load();
  RC_ASSERT((loaded.has_value() || !render(loaded.error().diagnostics).empty()));
}

}  // namespace
}  // namespace manifests

#include "manifests/load.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manifests/fields.h"
#include "manifests/keys.h"
#include "tests/unit/manifests/folder.h"

namespace manifests {
namespace {

using testing::ElementsAre;
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
time_zone = "Europe/Berlin"
[retention]
decisions = "2d"
pool_size = 0
pool_bytes = "3GiB"
[tracker.t]
kind = "local"
path = "../issues"
[agent.x]
command = ["agent", "-p"]
env = { A = "1" }
pass_env = ["KEY"]
usage_file = "out/usage.json"
model = "m"
proxy = "http://proxy.example.org:3128"
caches = ["../cache", "/var/cache/npm"]
read = ["/opt/node"]
[agent.y]
command = ["/bin/y"]
network = "none"
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
  { kind = "agent", agent = "y", name = "think", prompt = "Think about {{title}}" },
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
remote_token_file = "prompt.md"
ssh_key = "prompt.md"
ssh_known_hosts = "prompt.md"
[[repo]]
name = "a"
remote = "https://example.org/a.git"
remote_user = "robot"
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
setup_toolchain = "node 22"
cold = ["build/**/*.tmp"]
smudge = { lfs = ["lfs-fetch", "%f"], crypt = ["/opt/decrypt"] }
sparse = ["services/api", "lib"]
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
  EXPECT_EQ(fleet.budget.time_zone.name, "Europe/Berlin");
  EXPECT_EQ(fleet.retention.pool_size, 0);
  EXPECT_EQ(fleet.retention.pool_bytes, 3LL << 30);
  EXPECT_EQ(fleet.agents.at("x").usage_file, "out/usage.json");
  EXPECT_EQ(fleet.agents.at("x").network, jobs::Network::all);
  EXPECT_EQ(fleet.agents.at("x").proxy, "http://proxy.example.org:3128");
  EXPECT_EQ(fleet.agents.at("x").caches,
            (std::vector<std::string>{
                std::filesystem::path(folder.str() + "/../cache").lexically_normal().string(),
                "/var/cache/npm", "/opt/node:ro"}));
  EXPECT_EQ(fleet.agents.at("y").network, jobs::Network::none);
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
  EXPECT_EQ(fleet.repos[0].auth.user, "robot");
  EXPECT_EQ(fleet.repos[0].auth.token,
            (jobs::SecretRef{jobs::SecretRef::Source::file, folder.str() + "/prompt.md"}));
  EXPECT_EQ(fleet.repos[1].auth.ssh_key, folder.str() + "/prompt.md");
  EXPECT_EQ(fleet.repos[1].auth.known_hosts, folder.str() + "/prompt.md");
  EXPECT_EQ(fleet.repos[1].remote, "git@example.org:b/c.git");
  EXPECT_EQ(fleet.repos[1].prompt, "Hello\n");
  EXPECT_EQ(fleet.repos[1].agent, "y");
  EXPECT_EQ(fleet.repos[1].ci, "c");
  EXPECT_THAT(fleet.repos[1].notify, ElementsAre("w", "f"));
  EXPECT_FALSE(fleet.repos[1].env.contains("D"));
  EXPECT_EQ(fleet.repos[1].setup.size(), 2U);
  EXPECT_EQ(fleet.repos[1].smudge, (std::map<std::string, std::vector<std::string>>{
                                       {"crypt", {"/opt/decrypt"}}, {"lfs", {"lfs-fetch", "%f"}}}));
}

TEST(Load, TheNearerPromptWins) {
  Folder folder(std::string(kMinimal) +
                "prompt_file = \"own.md\"\n[defaults]\nprompt = \"everybody's\"\n");
  folder.write("own.md", "mine");
  EXPECT_EQ(fleet_of(folder).repos[0].prompt, "mine");
}

TEST(Load, ARepositorysOwnTokenReplacesThatOfTheDefaults) {
  Folder folder(std::string(kMinimal) +
                "remote_token_env = \"OWN\"\n[defaults]\nremote_token_file = \"t\"\n");
  folder.write("t", "x");
  folder.environment["OWN"] = "value";
  const jobs::Fleet fleet = fleet_of(folder);
  EXPECT_EQ(fleet.repos[0].auth.token, (jobs::SecretRef{jobs::SecretRef::Source::env, "OWN"}));
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
  EXPECT_EQ(keys_of("budget").size(), cap_fields().size() + 3);
  EXPECT_EQ(keys_of("retention").size(), retention_fields().size());
}

}  // namespace
}  // namespace manifests

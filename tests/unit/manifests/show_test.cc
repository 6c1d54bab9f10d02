#include "manifests/show.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "manifests/keys.h"
#include "manifests/schema.h"
#include "tests/unit/manifests/folder.h"

namespace manifests {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::filesystem::path source(const std::string& path) {
  return std::filesystem::path(RUNNER_SOURCE_DIR) / path;
}

TEST(Show, WhatItPrintsLoadsAsTheSameFleet) {
  Folder folder(read(source("manifests/examples/fleet.toml")));
  const auto first = folder.load();
  ASSERT_TRUE(first) << folder.errors();
  Folder again(show_text(*first));
  auto second = again.load();
  ASSERT_TRUE(second) << again.errors() << show_text(*first);
  jobs::Fleet expected = first->fleet;
  for (std::size_t i = 0; i < expected.repos.size(); ++i) {
    expected.repos[i].declared_at = second->fleet.repos[i].declared_at;
  }
  EXPECT_TRUE(expected == second->fleet) << show_text(*first);
}

TEST(Show, StatesOfPlaneLoadAgain) {
  std::string manifest(kMinimal);
  manifest.replace(manifest.find("[tracker.issues]\npath = \"issues\"\n"), 33,
                   "[tracker.issues]\nkind = \"plane\"\nworkspace = \"acme\"\n"
                   "token_env = \"PLANE\"\nstates = { ready = \"R\", in_progress = \"I\", "
                   "needs_human = \"H\", done = \"D \\u00fc\", approved = \"A\" }\n");
  manifest.replace(manifest.find("[[repo]]\n"), 9, "[[repo]]\ntracker_path = \"shop\"\n");
  Folder folder(manifest);
  folder.environment["PLANE"] = "x";
  const auto first = folder.load();
  ASSERT_TRUE(first) << folder.errors();
  const jobs::TrackerConfig& tracker = first->fleet.trackers.at("issues");
  EXPECT_EQ(tracker.url, "https://api.plane.so");
  EXPECT_EQ(tracker.states.size(), 5U);
  EXPECT_EQ(first->fleet.repos[0].tracker_path, "SHOP") << "as Plane writes it";
  Folder again(show_text(*first));
  again.environment["PLANE"] = "x";
  const auto second = again.load();
  ASSERT_TRUE(second) << again.errors() << show_text(*first);
  EXPECT_TRUE(second->fleet.trackers.at("issues") == tracker) << show_text(*first);
}

TEST(Show, AnAppLoadsAgain) {
  std::string manifest(kMinimal);
  manifest.replace(manifest.find("path = \"issues\"\n"), 16,
                   "kind = \"github\"\napp = { id = \"7\", key_env = \"KEY\" }\n");
  Folder folder(manifest);
  folder.environment["KEY"] = "x";
  const auto first = folder.load();
  ASSERT_TRUE(first) << folder.errors();
  Folder again(show_text(*first));
  again.environment["KEY"] = "x";
  const auto second = again.load();
  ASSERT_TRUE(second) << again.errors() << show_text(*first);
  EXPECT_TRUE(second->fleet.trackers.at("issues") == first->fleet.trackers.at("issues"));
  EXPECT_EQ(json::parse(show_json(*first))["fleet"]["tracker"]["issues"]["app"]["id"], "7");
}

TEST(Show, NamesThePlaceOfEachValue) {
  Folder folder(kMinimal);
  const auto loaded = folder.load();
  ASSERT_TRUE(loaded);
  const std::string text = show_text(*loaded);
  EXPECT_THAT(text, testing::ContainsRegex("kill_switch = false +# .*fleet.toml:2:1\n"));
  EXPECT_THAT(text, testing::ContainsRegex("fix_attempts = 5 +# default\n"));
}

TEST(Show, Invariant12_SecretsAreNamesOnly) {
  Folder folder(R"([notify.hook]
kind = "webhook"
url = "https://hooks.example.org/services/T0/B0/s3cret"
token_env = "HOOK_TOKEN"
)");
  folder.environment["HOOK_TOKEN"] = "hunter2";
  const auto loaded = folder.load();
  ASSERT_TRUE(loaded) << folder.errors();
  for (const std::string& text : {show_text(*loaded), show_json(*loaded)}) {
    EXPECT_THAT(text, HasSubstr("HOOK_TOKEN"));
    EXPECT_THAT(text, Not(HasSubstr("hunter2")));
    EXPECT_THAT(text, Not(HasSubstr("s3cret")));
  }
}

TEST(Show, JsonHasASchemaNumberAndOrigins) {
  Folder folder(kMinimal);
  const auto loaded = folder.load();
  ASSERT_TRUE(loaded);
  const json document = json::parse(show_json(*loaded));
  EXPECT_EQ(document["schema"], 1);
  EXPECT_EQ(document["fleet"]["fleet"]["kill_switch"], false);
  EXPECT_EQ(document["fleet"]["repo"][0]["name"], "acme/shop");
  EXPECT_EQ(document["fleet"]["agent"]["coder"]["command"][0], folder.str() + "/agent.sh");
  EXPECT_EQ(document["origins"]["repo.acme/shop.remote"], folder.str() + "/fleet.toml:10:1");
  EXPECT_FALSE(document["origins"].contains("limits.fix_attempts"));
}

TEST(Show, ErrorsAsJson) {
  const Folder folder("[limits]\nfix_attempt = 1\n");
  const auto loaded = folder.load();
  ASSERT_FALSE(loaded);
  const json document = json::parse(diagnostics_json(loaded.error().diagnostics));
  EXPECT_EQ(document["ok"], false);
  EXPECT_EQ(document["errors"][0]["line"], 2);
  EXPECT_EQ(document["errors"][0]["suggestion"], "fix_attempts");
}

TEST(Schema, KnowsEveryKeyAndNoOther) {
  const json document = json::parse(json_schema());
  EXPECT_EQ(document["$schema"], "http://json-schema.org/draft-07/schema#");
  const json& top = document["properties"];
  EXPECT_EQ(top.size(), table_names().size());
  for (const KeySpec& spec : all_keys()) {
    const json* table = nullptr;
    const std::string name(spec.table);
    if (name == "fleet.labels") {
      table = &top["fleet"]["properties"]["labels"];
    } else if (name == "tracker.app" || name == "tracker.states") {
      table = &top["tracker"]["additionalProperties"]["properties"][name.substr(8)];
    } else if (name == "stage") {
      table = &top["pipeline"]["additionalProperties"]["properties"]["stages"]["items"];
    } else if (name == "repo") {
      table = &top["repo"]["items"];
    } else if (top[name].contains("properties")) {
      table = &top[name];
    } else {
      table = &top[name]["additionalProperties"];
    }
    ASSERT_TRUE((*table)["properties"].contains(std::string(spec.key))) << name << "." << spec.key;
    EXPECT_EQ((*table)["additionalProperties"], false) << name;
    const json& key = (*table)["properties"][std::string(spec.key)];
    EXPECT_TRUE(key.contains("type") || key.contains("anyOf")) << key;
    EXPECT_EQ(key.contains("default") && key["default"].is_null(), false)
        << name << "." << spec.key;
  }
  EXPECT_FALSE(top["defaults"]["properties"].contains("name"));
  EXPECT_FALSE(top["defaults"]["properties"].contains("remote"));
}

TEST(Docs, TheFirstManifestOfTheReferenceLoads) {
  const std::string text = read(source("docs/manifest.md"));
  const std::size_t begin = text.find("```toml\n") + 8;
  const std::string manifest = text.substr(begin, text.find("```", begin) - begin);
  ASSERT_THAT(manifest, HasSubstr("[[repo]]"));
  const Folder folder(manifest);
  EXPECT_EQ(folder.errors(), "");
}

/// The reference has one table per kind of TOML table, each below a heading that names it.
TEST(Docs, ManifestReferenceNamesEveryKeyWithItsDefault) {
  const std::string text = read(source("docs/manifest.md"));
  ASSERT_FALSE(text.empty());
  for (const KeySpec& spec : all_keys()) {
    const std::string heading = spec.table == "repo"             ? "## `[[repo]]`"
                                : spec.table == "stage"          ? "## `[pipeline.NAME]`"
                                : spec.table == "fleet.labels"   ? "## `[fleet]`"
                                : spec.table == "tracker.app"    ? "## `[tracker.NAME.app]`"
                                : spec.table == "tracker.states" ? "## `[tracker.NAME.states]`"
                                : spec.table == "tracker" || spec.table == "agent" ||
                                        spec.table == "ci" || spec.table == "notify" ||
                                        spec.table == "pipeline"
                                    ? "## `[" + std::string(spec.table) + ".NAME]`"
                                    : "## `[" + std::string(spec.table) + "]`";
    const std::size_t begin = text.find(heading);
    ASSERT_NE(begin, std::string::npos) << heading;
    const std::string section = text.substr(begin, text.find("\n## ", begin) - begin);
    const std::string label =
        spec.table == "fleet.labels" ? "labels." + std::string(spec.key) : std::string(spec.key);
    const std::size_t row = section.find("\n| `" + label + "` |");
    ASSERT_NE(row, std::string::npos) << heading << " lacks " << label;
    const std::string line = section.substr(row + 1, section.find('\n', row + 1) - row - 1);
    if (!spec.fallback.empty()) {
      const std::string value =
          spec.fallback == "required" ? "required" : "`" + std::string(spec.fallback) + "`";
      EXPECT_THAT(line, HasSubstr("| " + value + " |")) << label;
    }
  }
}

}  // namespace
}  // namespace manifests

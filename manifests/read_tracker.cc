// [tracker.NAME]: where issues live, and who the runner is there.
#include <map>

#include <fmt/format.h>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "manifests/read.h"

namespace manifests {

namespace {

constexpr std::int64_t kMostInstallations = 1'000'000'000'000;

Fault check_app_id(std::string_view text) {
  const bool plain = !text.empty() && text.size() <= 100 &&
                     text.find_first_not_of(
                         "0123456789abcdefghijklmnopqrstuvwxyz"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_") == text.npos;
  return plain ? Fault() : Fault("is not the id or client id of a GitHub App");
}

std::optional<jobs::AppConfig> read_app(Reading& reading, const std::string& name,
                                        const Layer& layer) {
  const Value* table = layer.table->get("app");
  if (table == nullptr) {
    return std::nullopt;
  }
  if (!table->is(Value::Kind::table)) {
    reading.report.error({layer.source->file, table->line, table->column},
                         fmt::format("app has the wrong type: {}", describe(table->kind)),
                         {.expected = "a table such as { id = \"123\", key_file = \"app.pem\" }",
                          .suggestion = {},
                          .hint = {}});
    return std::nullopt;
  }
  TableReader reader(reading, "tracker.app", "tracker." + name + ".app", {{layer.source, table}});
  jobs::AppConfig app;
  reader.text("id", app.id, check_app_id);
  if (!reader.find("id")) {
    reader.missing("id");
  }
  reader.count("installation", app.installation, 1, kMostInstallations);
  const auto key = read_secret(reading, reader, "key_env", "key_file");
  if (!reader.find("key_env") && !reader.find("key_file")) {
    reader.missing("key_file");
  }
  reader.unknown_keys();
  app.key = key.value_or(jobs::SecretRef{});
  return app;
}

Fault check_slug(std::string_view text) {
  const bool plain = !text.empty() && text.size() <= 100 &&
                     text.find_first_not_of(
                         "0123456789abcdefghijklmnopqrstuvwxyz"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == std::string_view::npos;
  return plain ? Fault() : Fault("is no slug: it is the part of an address behind the host");
}

Fault check_state(std::string_view text) {
  constexpr std::size_t kLongest = 255;  // Of a state in Plane.
  if (jobs::trimmed(text).empty()) {
    return "names no state";
  }
  return text.size() > kLongest ? Fault("is too long for a state's name") : Fault();
}

/// Which state means what; each something else, or an item would be two things at once.
std::map<std::string, std::string> read_states(Reading& reading, const std::string& name,
                                               const Layer& layer) {
  std::map<std::string, std::string> states;
  const Value* table = layer.table->get("states");
  if (table == nullptr) {
    return states;
  }
  if (!table->is(Value::Kind::table)) {
    reading.report.error(
        {layer.source->file, table->line, table->column},
        fmt::format("states has the wrong type: {}", describe(table->kind)),
        {.expected = "a table such as { ready = \"Ready\", in_progress = \"In "
                     "Progress\", needs_human = \"Needs Human\", done = \"Done\" }",
         .suggestion = {},
         .hint = {}});
    return states;
  }
  TableReader reader(reading, "tracker.states", "tracker." + name + ".states",
                     {{layer.source, table}});
  std::map<std::string, std::string> words;  // by name
  for (const KeySpec& key : keys_of("tracker.states")) {
    const std::string word(key.key);
    const auto found = reader.find(word);
    std::string state;
    if (!found && key.fallback == "required") {
      reader.missing(word, "name a state of the projects; capitals do not matter");
    } else if (found && reader.text(word, state, check_state)) {
      const auto [other, first] = words.try_emplace(jobs::ascii_lower(state), word);
      if (!first) {
        reader.error(
            found->at(),
            fmt::format("{} and {} name the same state \"{}\"", other->second, word, state),
            {.expected = {}, .suggestion = {}, .hint = "make a state for each in the projects"});
      }
      states.emplace(word, state);
    }
  }
  reader.unknown_keys();
  return states;
}

/// Which keys mean something for which kind.
bool belongs(std::string_view key, jobs::TrackerKind kind) {
  switch (kind) {
    case jobs::TrackerKind::local: return key == "path";
    case jobs::TrackerKind::github:
      return key == "url" || key == "token_env" || key == "token_file" || key == "app" ||
             key == "api";
    case jobs::TrackerKind::forgejo:
      return key == "url" || key == "token_env" || key == "token_file";
    case jobs::TrackerKind::plane:
      return key == "url" || key == "token_env" || key == "token_file" || key == "workspace" ||
             key == "states";
  }
  return false;
}

void read_kind(TableReader& reader, jobs::TrackerKind& kind) {
  std::string text;
  if (reader.choice("kind", text)) {
    for (const auto known : {jobs::TrackerKind::local, jobs::TrackerKind::github,
                             jobs::TrackerKind::forgejo, jobs::TrackerKind::plane}) {
      kind = text == jobs::to_string(known) ? known : kind;
    }
  }
}

void read_api(TableReader& reader, jobs::ForgeApi& api) {
  std::string text;
  if (reader.choice("api", text)) {
    for (const auto known :
         {jobs::ForgeApi::automatic, jobs::ForgeApi::graphql, jobs::ForgeApi::rest}) {
      api = text == jobs::to_string(known) ? known : api;
    }
  }
}

}  // namespace

jobs::TrackerConfig read_tracker(Reading& reading, const std::string& name, const Layer& layer) {
  jobs::TrackerConfig out{.name = name};
  TableReader reader(reading, "tracker", "tracker." + name, {layer});
  read_kind(reader, out.kind);
  reader.path("path", out.path);
  reader.text("url", out.url, check_web_url);
  while (out.url.ends_with('/')) {
    out.url.pop_back();
  }
  out.token = read_token(reading, reader);
  out.app = read_app(reading, name, layer);
  read_api(reader, out.api);
  reader.text("workspace", out.workspace, check_slug);
  out.states = read_states(reading, name, layer);
  for (const std::string key :
       {"path", "url", "token_env", "token_file", "app", "api", "workspace", "states"}) {
    if (const auto found = reader.find(key); found && !belongs(key, out.kind)) {
      reader.error(found->key_at(),
                   fmt::format("{} means nothing for kind \"{}\"", key, jobs::to_string(out.kind)));
    }
  }
  switch (out.kind) {
    case jobs::TrackerKind::local:
      if (!reader.find("path")) {
        reader.missing("path");
      }
      break;
    case jobs::TrackerKind::github:
      if (out.url.empty()) {
        out.url = "https://api.github.com";
      }
      if (out.token && out.app) {
        reader.error(reader.find("app")->key_at(), "a token and an app exclude each other");
      } else if (!reader.find("token_env") && !reader.find("token_file") && !reader.find("app")) {
        reader.missing("token_env");
      }
      break;
    case jobs::TrackerKind::forgejo:
      if (!reader.find("url")) {
        reader.missing("url");
      }
      if (!reader.find("token_env") && !reader.find("token_file")) {
        reader.missing("token_env");
      }
      break;
    case jobs::TrackerKind::plane:
      if (out.url.empty()) {
        out.url = "https://api.plane.so";
      }
      for (const std::string key : {"workspace", "states"}) {
        if (!reader.find(key)) {
          reader.missing(key);
        }
      }
      if (!reader.find("token_env") && !reader.find("token_file")) {
        reader.missing("token_env");
      }
      break;
  }
  reader.unknown_keys();
  return out;
}

}  // namespace manifests

#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "manifests/read.h"

namespace manifests {

namespace {

/// argv[0] with a '/' is relative to the manifest.
void anchor_program(const Layer& layer, std::vector<std::string>& argv) {
  if (!argv.empty() && argv.front().find('/') != std::string::npos) {
    argv.front() = absolute_path(layer.source->folder, argv.front());
  }
}

}  // namespace

namespace {

/// What becomes an argument of its own and may not be taken for an option.
Fault check_word(std::string_view text) {
  if (text.starts_with('-')) {
    return Fault{"begins with '-'"};
  }
  return check_plain(text);
}

jobs::AgentKind read_agent_kind(TableReader& reader) {
  std::string kind;
  reader.choice("kind", kind);
  for (const auto known :
       {jobs::AgentKind::claude, jobs::AgentKind::codex, jobs::AgentKind::opencode}) {
    if (kind == jobs::to_string(known)) {
      return known;
    }
  }
  return jobs::AgentKind::command;
}

/// The keys that only agents have whose stream can be read, and prices, which all may have.
void read_known_kind(TableReader& reader, bool known, jobs::AgentConfig& out) {
  reader.names("args", out.args, check_long_text, /*twice=*/true);
  reader.duration("after_result", out.after_result, true);
  reader.boolean("repo_settings", out.repo_settings);
  jobs::Price price;
  bool priced = reader.usd("price_input_usd", price.input);
  priced = reader.usd("price_cached_usd", price.cached_input) || priced;
  priced = reader.usd("price_output_usd", price.output) || priced;
  if (priced) {
    out.price = price;
  }
  const auto means_nothing = [&](std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      if (const auto found = reader.find(key)) {
        reader.error(found->key_at(), fmt::format("{} means nothing for kind \"{}\"", key,
                                                  jobs::to_string(out.kind)));
      }
    }
  };
  if (known) {
    means_nothing({"usage_file"});
  } else {
    means_nothing({"args", "after_result", "repo_settings", "price_input_usd", "price_cached_usd",
                   "price_output_usd"});
  }
}

}  // namespace

jobs::AgentConfig read_agent(Reading& reading, const std::string& name, const Layer& layer) {
  jobs::AgentConfig out{.name = name};
  TableReader reader(reading, "agent", "agent." + name, {layer});
  out.kind = read_agent_kind(reader);
  const bool known = out.kind != jobs::AgentKind::command;
  if (reader.argv("command", out.command)) {
    anchor_program(layer, out.command);
  } else if (!known && !reader.find("command")) {
    reader.missing("command");
  }
  reader.text_map("env", out.env);
  reader.names("pass_env", out.pass_env, check_variable);
  reader.text("usage_file", out.usage_file, check_inner_path);
  reader.text("model", out.model, known ? check_word : check_plain);
  read_known_kind(reader, known, out);
  std::string network;
  if (reader.choice("network", network)) {
    for (const auto one : {jobs::Network::all, jobs::Network::loopback, jobs::Network::none}) {
      out.network = network == jobs::to_string(one) ? one : out.network;
    }
  }
  if (reader.text("proxy", out.proxy, check_web_url) && out.network != jobs::Network::all) {
    reader.error(reader.find("proxy")->key_at(),
                 fmt::format("proxy cannot be reached with network = \"{}\"", network),
                 {.expected = {},
                  .suggestion = {},
                  .hint = "the loopback of such a turn is its own: leave one of the two out"});
  }
  reader.paths("caches", out.caches);
  std::vector<std::string> read;
  reader.paths("read", read);
  for (const std::string& path : read) {
    out.caches.push_back(path + std::string(kReadOnly));
  }
  reader.unknown_keys();
  return out;
}

jobs::NotifyConfig read_notify(Reading& reading, const std::string& name, const Layer& layer) {
  jobs::NotifyConfig out{.name = name};
  TableReader reader(reading, "notify", "notify." + name, {layer});
  std::string kind;
  if (!reader.choice("kind", kind)) {
    if (!reader.find("kind")) {
      reader.missing("kind");
    }
    reader.unknown_keys();
    return out;
  }
  out.kind = kind == "webhook" ? jobs::NotifyKind::webhook : jobs::NotifyKind::file;
  const bool webhook = out.kind == jobs::NotifyKind::webhook;
  reader.path("path", out.path);
  reader.text("url", out.url, check_web_url);
  out.token = read_token(reading, reader);
  const std::string needed = webhook ? "url" : "path";
  if (!reader.find(needed)) {
    reader.missing(needed);
  }
  for (const std::string key : {"path", "url", "token_env", "token_file"}) {
    const bool belongs_to_webhook = key != "path";
    if (const auto found = reader.find(key); found && belongs_to_webhook != webhook) {
      reader.error(found->key_at(), fmt::format("{} means nothing for kind \"{}\"", key, kind));
    }
  }
  reader.unknown_keys();
  return out;
}

namespace {

jobs::Stage read_stage(Reading& reading, const std::string& path, const Layer& layer) {
  jobs::Stage out;
  TableReader reader(reading, "stage", path, {layer});
  std::string kind;
  if (reader.choice("kind", kind)) {
    for (const auto known : {jobs::StageKind::agent, jobs::StageKind::command,
                             jobs::StageKind::land, jobs::StageKind::ci}) {
      if (kind == jobs::to_string(known)) {
        out.kind = known;
      }
    }
  } else if (!reader.find("kind")) {
    reader.missing("kind");
  }
  out.name = kind;
  reader.text("name", out.name, check_name);
  reader.text("agent", out.agent, check_name);
  const auto command = reader.find("command");
  if (command &&
      !(command->entry->value.is(Value::Kind::array) && command->entry->value.array.empty())) {
    reader.argv("command", out.command);
  }
  read_prompt(reading, "stage", path, {layer}, out.prompt);
  for (const char* key : {"agent", "prompt", "prompt_file"}) {
    if (const auto found = reader.find(key); found && !kind.empty() && kind != "agent") {
      reader.error(found->key_at(),
                   fmt::format("{} means nothing in a stage of kind \"{}\"", key, kind));
    }
  }
  if (command && !kind.empty() && kind != "command") {
    reader.error(command->key_at(),
                 fmt::format("command means nothing in a stage of kind \"{}\"", kind));
  }
  reader.unknown_keys();
  return out;
}

/// The order that makes sense of the stages. Invariant 10: what lands was verified after the last
/// change.
void check_order(TableReader& reader, const jobs::Pipeline& pipeline,
                 const std::vector<Position>& at) {
  bool worked = false;
  bool verified = false;
  bool landed = false;
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    const jobs::Stage& stage = pipeline.stages[i];
    const auto same = [&](const jobs::Stage& other) { return other.name == stage.name; };
    if (std::any_of(pipeline.stages.begin(),
                    pipeline.stages.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      reader.error(at[i], fmt::format("stage \"{}\" is there twice", stage.name),
                   {.expected = {}, .suggestion = {}, .hint = "give each stage a name of its own"});
    }
    switch (stage.kind) {
      case jobs::StageKind::agent:
        if (landed) {
          reader.error(at[i],
                       fmt::format("stage \"{}\" works after landing: its work would never land",
                                   stage.name));
        }
        worked = true;
        verified = false;
        break;
      case jobs::StageKind::command: verified = true; break;
      case jobs::StageKind::land:
        if (landed) {
          reader.error(at[i], "a pipeline lands once");
        } else if (!worked) {
          reader.error(
              at[i], fmt::format("stage \"{}\" has nothing to land", stage.name),
              {.expected = "a stage of kind \"agent\" before it", .suggestion = {}, .hint = {}});
        } else if (!verified) {
          reader.error(
              at[i], fmt::format("stage \"{}\" would land unverified work", stage.name),
              {.expected = "a stage of kind \"command\" between the last agent and it",
               .suggestion = {},
               .hint =
                   "put { kind = \"command\" } before it; it runs the repository's test command"});
        }
        landed = true;
        break;
      case jobs::StageKind::ci:
        if (!landed) {
          reader.error(
              at[i],
              fmt::format("stage \"{}\" waits for CI of a commit that has not landed", stage.name),
              {.expected = "a stage of kind \"land\" before it", .suggestion = {}, .hint = {}});
        }
        break;
    }
  }
}

}  // namespace

jobs::Pipeline read_pipeline(Reading& reading, const std::string& name, const Layer& layer) {
  jobs::Pipeline out{.name = name};
  const std::string path = "pipeline." + name;
  TableReader reader(reading, "pipeline", path, {layer});
  reader.unknown_keys();
  const auto stages = reader.find("stages");
  if (!stages) {
    reader.missing("stages");
    return out;
  }
  const Value& list = stages->entry->value;
  if (!list.is(Value::Kind::array) || list.array.empty()) {
    reader.error(stages->at(),
                 list.is(Value::Kind::array)
                     ? "a pipeline needs at least one stage"
                     : fmt::format("stages has the wrong type: {}", describe(list.kind)),
                 {.expected = "an array of stages such as [{ kind = \"agent\" }]",
                  .suggestion = {},
                  .hint = {}});
    return out;
  }
  std::vector<Position> at;
  const std::size_t errors = reading.report.count();
  for (const Value& stage : list.array) {
    const Position here{layer.source->file, stage.line, stage.column};
    if (!stage.is(Value::Kind::table)) {
      reader.error(
          here, fmt::format("a stage has the wrong type: {}", describe(stage.kind)),
          {.expected = "a table such as { kind = \"agent\" }", .suggestion = {}, .hint = {}});
      continue;
    }
    out.stages.push_back(read_stage(reading, fmt::format("{}.stages[{}]", path, out.stages.size()),
                                    {layer.source, &stage}));
    at.push_back(here);
  }
  if (reading.report.count() ==
      errors) {  // an order of stages that are wrong themselves says nothing
    check_order(reader, out, at);
  }
  return out;
}

}  // namespace manifests

// [ci.NAME]: where the verdict about a landed commit comes from.
#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "manifests/read.h"

namespace manifests {

namespace {

using jobs::CiKind;

/// Which keys mean something for which kind; `kind` and `deadline` do for all.
bool belongs(std::string_view key, CiKind kind) {
  switch (kind) {
    case CiKind::command: return key == "command";
    case CiKind::checks:
    case CiKind::forgejo:
      return key == "tracker" || key == "expect" || key == "succeed" || key == "settle";
    case CiKind::woodpecker: return key != "command" && key != "tracker";
  }
  return false;
}

CiKind read_kind(TableReader& reader) {
  std::string text;
  reader.choice("kind", text);
  for (const CiKind known : {CiKind::checks, CiKind::forgejo, CiKind::woodpecker}) {
    if (text == jobs::to_string(known)) {
      return known;
    }
  }
  return CiKind::command;
}

/// `succeed` without `expect` would hold nothing to its word: a check that never reports.
void check_succeed(TableReader& reader, const jobs::CiConfig& config) {
  const auto found = reader.find("succeed");
  for (const std::string& name : config.succeed) {
    if (found && std::ranges::find(config.expect, name) == config.expect.end()) {
      reader.error(found->at(),
                   fmt::format("succeed names \"{}\", and expect does not", jobs::one_line(name)),
                   {.expected = {},
                    .suggestion = jobs::did_you_mean(name, config.expect),
                    .hint = "name it in expect as well"});
    }
  }
}

}  // namespace

jobs::CiConfig read_ci(Reading& reading, const std::string& name, const Layer& layer) {
  jobs::CiConfig out{.name = name};
  TableReader reader(reading, "ci", "ci." + name, {layer});
  out.kind = read_kind(reader);
  const auto command = reader.find("command");
  if (command &&
      !(command->entry->value.is(Value::Kind::array) && command->entry->value.array.empty())) {
    reader.argv("command", out.command);
  }
  reader.duration("deadline", out.deadline, false);
  reader.text("tracker", out.tracker, check_name);
  reader.text("url", out.url, check_web_url);
  while (out.url.ends_with('/')) {
    out.url.pop_back();
  }
  out.token = read_token(reading, reader);
  reader.names("expect", out.expect, check_plain);
  reader.names("succeed", out.succeed, check_plain);
  reader.duration("settle", out.settle, true);
  reader.names("events", out.events, check_name);
  for (const std::string key : {"command", "tracker", "url", "token_env", "token_file", "expect",
                                "succeed", "settle", "events"}) {
    if (const auto found = reader.find(key); found && !belongs(key, out.kind)) {
      reader.error(found->key_at(),
                   fmt::format("{} means nothing for kind \"{}\"", key, jobs::to_string(out.kind)));
    }
  }
  check_succeed(reader, out);
  if (out.kind == CiKind::woodpecker) {
    if (!reader.find("url")) {
      reader.missing("url");
    }
    if (!reader.find("token_env") && !reader.find("token_file")) {
      reader.missing("token_env");
    }
    if (const auto events = reader.find("events"); events && out.events.empty()) {
      reader.error(events->at(), "events names none: no pipeline would ever count");
    }
  }
  reader.unknown_keys();
  return out;
}

}  // namespace manifests

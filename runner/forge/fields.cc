#include "runner/forge/fields.h"

#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "jobs/base/time.h"

namespace runner::forge {

using nlohmann::json;

namespace {

/// Deeper than any answer of a forge; a parser that builds values recurses when it frees them.
constexpr int kDeepest = 100;

bool too_deep(std::string_view body) {
  int depth = 0;
  int deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (in_text) {
      i += c == '\\' ? 1 : 0;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest > kDeepest;
}

jobs::Error nonsense(std::string_view what) {
  return jobs::fail(jobs::ErrorKind::transient,
                    fmt::format("the server's answer makes no sense: {}", what));
}

}  // namespace

jobs::Result<json> parsed(const Reply& reply) {
  if (too_deep(reply.body)) {
    return nonsense("it is nested too deeply");
  }
  json value = json::parse(reply.body, nullptr, false);
  if (value.is_discarded()) {
    return nonsense("it is no JSON");
  }
  return value;
}

const json* field(const json& object, std::string_view name) {
  const json* at = &object;
  for (std::string_view rest = name; at != nullptr && !rest.empty();) {
    const std::string_view key = rest.substr(0, rest.find('.'));
    rest.remove_prefix(key.size() == rest.size() ? key.size() : key.size() + 1);
    if (!at->is_object()) {
      return nullptr;
    }
    const auto found = at->find(key);
    at = found == at->end() || found->is_null() ? nullptr : &*found;
  }
  return at;
}

std::string text(const json& object, std::string_view name) {
  const json* found = field(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number(const json& object, std::string_view name) {
  const json* found = field(object, name);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool flag(const json& object, std::string_view name) {
  const json* found = field(object, name);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

std::optional<jobs::TimePoint> time(const json& object, std::string_view name) {
  const std::string said = text(object, name);
  return said.starts_with("0001-") ? std::nullopt : jobs::parse_time(said);
}

std::optional<jobs::TimePoint> unix_time(const json& object, std::string_view name) {
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  const std::int64_t seconds = number(object, name);
  if (seconds <= 0 || seconds > kYear9999) {
    return std::nullopt;
  }
  return jobs::TimePoint(std::chrono::seconds(seconds));
}

jobs::Result<std::vector<json>> elements(const Reply& reply, std::string_view key) {
  RUNNER_ASSIGN(json page, parsed(reply));
  if (!key.empty() && !page.is_object()) {
    return nonsense("it is no object");
  }
  json list = key.empty()          ? std::move(page)
              : page.contains(key) ? std::move(page[std::string(key)])
                                   : json();
  if (list.is_null()) {
    return std::vector<json>{};
  }
  if (!list.is_array()) {
    return nonsense(key.empty() ? std::string("it is no list")
                                : fmt::format("\"{}\" is no list", key));
  }
  return list.get<std::vector<json>>();
}

}  // namespace runner::forge

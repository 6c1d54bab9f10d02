#include "manifests/show.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "manifests/effective.h"

namespace manifests {

namespace {

using nlohmann::ordered_json;

std::string key_text(const std::string& key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? key : toml_quote(key);
}

/// "agent.co.der" is agent and "co.der": names may hold dots, so only the first dot parts.
std::string header_text(const EffectiveTable& table) {
  if (table.element) {
    return fmt::format("[[{}]]", table.header);
  }
  const std::size_t dot = table.header.find('.');
  return dot == std::string::npos ? fmt::format("[{}]", table.header)
                                  : fmt::format("[{}.{}{}{}]", table.header.substr(0, dot),
                                                key_text(table.header.substr(dot + 1)),
                                                table.below.empty() ? "" : ".", table.below);
}

std::string toml(const Value& value) {
  switch (value.kind) {
    case Value::Kind::string: return toml_quote(value.string);
    case Value::Kind::integer: return std::to_string(value.integer);
    case Value::Kind::boolean: return value.boolean ? "true" : "false";
    case Value::Kind::floating:
    case Value::Kind::datetime: return value.string;
    case Value::Kind::array: {
      std::string out;
      for (const Value& item : value.array) {
        out += (out.empty() ? "" : ", ") + toml(item);
      }
      return "[" + out + "]";
    }
    case Value::Kind::table: {
      std::string out;
      for (const Entry& entry : value.table) {
        out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", key_text(entry.key),
                           toml(entry.value));
      }
      return out.empty() ? "{}" : "{ " + out + " }";
    }
  }
  return "{}";
}

ordered_json json(const Value& value) {
  switch (value.kind) {
    case Value::Kind::string:
    case Value::Kind::datetime: return value.string;
    case Value::Kind::integer: return value.integer;
    case Value::Kind::boolean: return value.boolean;
    case Value::Kind::floating: return value.floating;
    case Value::Kind::array: {
      ordered_json out = ordered_json::array();
      for (const Value& item : value.array) {
        out.push_back(json(item));
      }
      return out;
    }
    case Value::Kind::table: {
      ordered_json out = ordered_json::object();
      for (const Entry& entry : value.table) {
        out[entry.key] = json(entry.value);
      }
      return out;
    }
  }
  return nullptr;
}

std::string dumped(const ordered_json& document) {
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

/// "fleet.labels" or "agent.coder" -> the object at that place of `fleet`.
ordered_json& place_of(ordered_json& fleet, const EffectiveTable& table) {
  if (table.element) {
    fleet[table.header].push_back(ordered_json::object());
    return fleet[table.header].back();
  }
  const std::size_t dot = table.header.find('.');
  ordered_json& place = dot == std::string::npos
                            ? fleet[table.header]
                            : fleet[table.header.substr(0, dot)][table.header.substr(dot + 1)];
  return table.below.empty() ? place : place[table.below];
}

}  // namespace

std::string show_text(const Loaded& loaded) {
  std::string out;
  for (const EffectiveTable& table : effective(loaded.fleet)) {
    out += fmt::format("{}{}\n", out.empty() ? "" : "\n", header_text(table));
    for (const EffectiveValue& row : table.values) {
      const std::string line = fmt::format("{} = {}", row.key, toml(row.value));
      out += fmt::format("{:<44}  # {}\n", jobs::one_line(line, 1'000'000),
                         jobs::one_line(loaded.origins.of(row.path), 1000));
    }
  }
  return out;
}

std::string show_json(const Loaded& loaded) {
  ordered_json document;
  document["schema"] = 1;
  document["files"] = loaded.files;
  ordered_json& fleet = document["fleet"] = ordered_json::object();
  ordered_json& origins = document["origins"] = ordered_json::object();
  for (const EffectiveTable& table : effective(loaded.fleet)) {
    ordered_json& place = place_of(fleet, table);
    for (const EffectiveValue& row : table.values) {
      place[row.key] = json(row.value);
      if (const auto at = loaded.origins.at.find(row.path); at != loaded.origins.at.end()) {
        origins[row.path] = at->second.str();
      }
    }
  }
  return dumped(document);
}

std::string diagnostics_json(std::span<const Diagnostic> diagnostics) {
  ordered_json document;
  document["schema"] = 1;
  document["ok"] = diagnostics.empty();
  ordered_json& errors = document["errors"] = ordered_json::array();
  for (const Diagnostic& wrong : diagnostics) {
    errors.push_back({{"file", wrong.at.file},
                      {"line", wrong.at.line},
                      {"column", wrong.at.column},
                      {"message", wrong.message},
                      {"expected", wrong.expected},
                      {"suggestion", wrong.suggestion},
                      {"hint", wrong.hint},
                      {"line_text", wrong.line_text}});
  }
  return dumped(document);
}

}  // namespace manifests

#include "manifests/schema.h"

#include <nlohmann/json.hpp>

#include "manifests/keys.h"
#include "manifests/toml_value.h"

namespace manifests {

namespace {

using nlohmann::ordered_json;

ordered_json array_of(ordered_json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}
ordered_json string_type() {
  return {{"type", "string"}};
}

ordered_json either(ordered_json one, ordered_json other) {
  return {{"anyOf", ordered_json::array({std::move(one), std::move(other)})}};
}

ordered_json amount() {
  return either({{"type", "string"}, {"pattern", "^[0-9]+(\\.[0-9]{1,6})?$"}},
                {{"type", "number"}, {"exclusiveMinimum", 0}});
}

ordered_json table_schema(std::string_view table);

ordered_json type_schema(const KeySpec& spec) {
  const ordered_json none = {{"const", "none"}};
  switch (spec.type) {
    case KeyType::text:
    case KeyType::long_text:
    case KeyType::path: return string_type();
    case KeyType::choice: return {{"type", "string"}, {"enum", split_choices(spec.choices)}};
    case KeyType::boolean: return {{"type", "boolean"}};
    case KeyType::count: return {{"type", "integer"}, {"minimum", 0}};
    case KeyType::duration: return {{"type", "string"}, {"pattern", "^([0-9]+(ms|s|m|h|d))+$"}};
    case KeyType::size:
      return either({{"type", "string"}, {"pattern", "^[0-9]+ *([KMGT]iB|[kKMGT]?B)?$"}},
                    {{"type", "integer"}, {"minimum", 0}});
    case KeyType::usd: return amount();
    case KeyType::cap_usd: return either(amount(), none);
    case KeyType::cap_count: return either({{"type", "integer"}, {"minimum", 1}}, none);
    case KeyType::names: return array_of(string_type());
    case KeyType::paths: return array_of(string_type());
    case KeyType::argv: return array_of(string_type());
    case KeyType::argv_list: return array_of(array_of(string_type()));
    case KeyType::text_map: return {{"type", "object"}, {"additionalProperties", string_type()}};
    case KeyType::argv_map:
      return {{"type", "object"}, {"additionalProperties", array_of(string_type())}};
    case KeyType::sub_table:
      return table_schema(std::string(spec.table) + "." + std::string(spec.key));
    case KeyType::stages: {
      ordered_json out = array_of(table_schema("stage"));
      out["minItems"] = 1;
      return out;
    }
  }
  return ordered_json::object();
}

ordered_json default_value(std::string_view toml) {
  const auto value = read_toml("x = " + std::string(toml), "default");
  const Value* x = value ? value->get("x") : nullptr;
  if (x == nullptr) {
    return nullptr;
  }
  switch (x->kind) {
    case Value::Kind::string: return x->string;
    case Value::Kind::integer: return x->integer;
    case Value::Kind::boolean: return x->boolean;
    case Value::Kind::array: return ordered_json::array();
    case Value::Kind::table: return ordered_json::object();
    case Value::Kind::floating:
    case Value::Kind::datetime: break;
  }
  return nullptr;
}

ordered_json table_schema(std::string_view table) {
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  for (const KeySpec& spec : keys_of(table)) {
    ordered_json one = type_schema(spec);
    one["description"] = spec.help;
    if (spec.fallback == "required") {
      // What is required of a repository may come from [defaults] except for its name and remote,
      // which cannot.
      required.push_back(spec.key);
    } else if (!spec.fallback.empty()) {
      one["default"] = default_value(spec.fallback);
    }
    properties[std::string(spec.key)] = std::move(one);
  }
  ordered_json out = {
      {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) {
    out["required"] = std::move(required);
  }
  return out;
}

}  // namespace

std::string json_schema() {
  ordered_json properties = ordered_json::object();
  for (const std::string& table : table_names()) {
    const bool named = table == "tracker" || table == "agent" || table == "ci" ||
                       table == "notify" || table == "pipeline";
    if (named) {
      properties[table] = {{"type", "object"}, {"additionalProperties", table_schema(table)}};
    } else if (table == "repo") {
      properties[table] = array_of(table_schema(table));
    } else {
      properties[table] = table_schema(table);
    }
  }
  const ordered_json document = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                                 {"title", "runner manifest"},
                                 {"type", "object"},
                                 {"additionalProperties", false},
                                 {"properties", std::move(properties)}};
  return document.dump(2) + "\n";
}

}  // namespace manifests

#include "manifests/toml_value.h"

#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace manifests {

const Entry* Value::find(std::string_view key) const {
  const auto found = std::ranges::find(table, key, &Entry::key);
  return found == table.end() ? nullptr : &*found;
}

const Value* Value::get(std::string_view key) const {
  const Entry* entry = find(key);
  return entry == nullptr ? nullptr : &entry->value;
}

const std::string* Value::get_string(std::string_view key) const {
  const Value* value = get(key);
  return value == nullptr || !value->is(Kind::string) ? nullptr : &value->string;
}

std::string_view describe(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::table: return "a table";
    case Value::Kind::array: return "an array";
    case Value::Kind::string: return "a string";
    case Value::Kind::integer: return "an integer";
    case Value::Kind::floating: return "a decimal number";
    case Value::Kind::boolean: return "a boolean";
    case Value::Kind::datetime: return "a date or time";
  }
  return "a value";
}

jobs::Result<Value> parse_toml(std::string_view bytes, std::string_view file_name) {
  auto value = read_toml(bytes, file_name);
  if (value) {
    return std::move(*value);
  }
  const Diagnostic& wrong = value.error();
  std::string message = wrong.at.str() + ": " + wrong.message;
  if (!wrong.expected.empty()) {
    message += "; expected " + wrong.expected;
  }
  return jobs::fail(jobs::ErrorKind::invalid_manifest, std::move(message), wrong.hint);
}

std::string toml_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : jobs::to_valid_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (byte < 0x20U || byte == 0x7FU) {
          out += fmt::format("\\u{:04X}", byte);
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

}  // namespace manifests

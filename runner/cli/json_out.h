#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace runner::cli {

/// A JSON value to be written; keeps the order of its keys. Built by the commands, so that none of
/// them needs the JSON library.
class Json {
 public:
  Json() = default;                            // null
  Json(bool value) : value_(value) {}          // NOLINT: implicit on purpose, as all below
  Json(std::int64_t value) : value_(value) {}  // NOLINT
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Json(double value) : value_(value) {}                          // NOLINT
  Json(std::string value) : value_(std::move(value)) {}          // NOLINT
  Json(std::string_view value) : value_(std::string(value)) {}   // NOLINT
  Json(const char* value) : value_(std::string(value)) {}        // NOLINT

  [[nodiscard]] static Json object() {
    Json json;
    json.value_ = Members{};
    return json;
  }
  [[nodiscard]] static Json array() {
    Json json;
    json.value_ = Items{};
    return json;
  }
  [[nodiscard]] static Json strings(const std::vector<std::string>& values);

  /// Adds a member to an object; returns the object.
  Json& set(std::string key, Json value);
  /// Adds an item to an array.
  void push(Json value);

  /// Pretty, ASCII only (other characters as \uXXXX), so that it is safe on a terminal too.
  [[nodiscard]] std::string dump() const;
  /// The same on one line, for JSON lines.
  [[nodiscard]] std::string line() const;

  using Items = std::vector<Json>;
  using Members = std::vector<std::pair<std::string, Json>>;
  using Value =
      std::variant<std::monostate, bool, std::int64_t, double, std::string, Items, Members>;
  [[nodiscard]] const Value& value() const { return value_; }

 private:
  Value value_;
};

/// The root of every answer: {"schema": 1}.
[[nodiscard]] Json json_root();
/// Prints the document to standard output with a newline.
void print_json(const Json& document);

}  // namespace runner::cli

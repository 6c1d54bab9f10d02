#include "runner/agents/fields.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "jobs/base/text.h"

namespace runner::agents {

using nlohmann::json;

namespace {

std::optional<double> number_at(const json& object, Path path, double most) {
  const json& value = value_at(object, path);
  if (!value.is_number()) {
    return std::nullopt;
  }
  const auto number = value.get<double>();
  return std::isfinite(number) && number >= 0 && number <= most ? std::optional(number)
                                                                : std::nullopt;
}

}  // namespace

const json& value_at(const json& object, Path path) {
  static const json kNothing;
  const json* at = &object;
  for (const char* key : path) {
    if (!at->is_object()) {
      return kNothing;
    }
    const auto found = at->find(key);
    if (found == at->end()) {
      return kNothing;
    }
    at = &*found;
  }
  return *at;
}

std::string text_at(const json& object, Path path) {
  const json& value = value_at(object, path);
  return value.is_string() ? jobs::to_valid_utf8(value.get_ref<const std::string&>())
                           : std::string();
}

bool flag_at(const json& object, Path path) {
  const json& value = value_at(object, path);
  return value.is_boolean() && value.get<bool>();
}

std::optional<std::int64_t> count_at(const json& object, Path path) {
  const auto number = number_at(object, path, 1e12);
  return number ? std::optional(static_cast<std::int64_t>(std::ceil(*number))) : std::nullopt;
}

std::optional<std::int64_t> micros_at(const json& object, Path path) {
  const auto number = number_at(object, path, 1e9);
  // Rounded up: what was spent is never charged as less. The trifle takes off what binary fractions
  // add to a sum such as 0.1 + 0.2.
  return number ? std::optional(static_cast<std::int64_t>(std::ceil(*number * 1e6 - 1e-3)))
                : std::nullopt;
}

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace runner::agents

#include "runner/process/json_fields.h"

#include <limits>

#include <nlohmann/json.hpp>

namespace runner::process {

using nlohmann::json;

namespace {

constexpr std::int64_t kEndOfEra = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

/// The integer, if it is one that 64 bits with a sign can hold.
std::optional<std::int64_t> integer_at(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) {
    return std::nullopt;
  }
  if (found->is_number_unsigned() &&
      found->get<std::uint64_t>() >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return found->get<std::int64_t>();
}

}  // namespace

json parse_object(std::string_view text) {
  json value = json::parse(text, nullptr, false);
  return value.is_object() ? value : json::object();
}

std::string dump_line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> texts_of(const json& object, const char* key) {
  std::vector<std::string> result;
  const auto found = object.find(key);
  if (found != object.end() && found->is_array()) {
    for (const auto& item : *found) {
      if (item.is_string()) {
        result.push_back(item.get<std::string>());
      }
    }
  }
  return result;
}

std::optional<jobs::TimePoint> time_of(const json& object, const char* key) {
  const auto millis = integer_at(object, key);
  const bool known = millis && *millis >= 0 && *millis <= kEndOfEra;
  return known ? std::optional(jobs::TimePoint(std::chrono::milliseconds(*millis))) : std::nullopt;
}

std::int64_t Numbers::of(const char* key, std::int64_t most, std::int64_t least) {
  return object_.contains(key) ? required(key, most, least) : 0;
}

std::int64_t Numbers::required(const char* key, std::int64_t most, std::int64_t least) {
  const auto number = integer_at(object_, key);
  if (!number || *number < least || *number > most) {
    fine_ = false;
    return 0;
  }
  return *number;
}

int Numbers::small(const char* key) {
  return static_cast<int>(of(key, std::numeric_limits<int>::max()));
}

}  // namespace runner::process

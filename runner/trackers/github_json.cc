#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/trackers/github_parts.h"

namespace runner::trackers::github {

namespace {

using Json = nlohmann::json;

/// The number behind "p", "prio" or "priority" and at most a few signs between.
std::optional<int> priority_in(std::string_view label) {
  const std::string text = jobs::ascii_lower(label);
  for (const std::string_view word : {"priority", "prio", "p"}) {
    if (!text.starts_with(word)) {
      continue;
    }
    const std::size_t digits = text.find_first_not_of(" :-_/=", word.size());
    if (digits == std::string::npos) {
      return std::nullopt;
    }
    int value = 0;
    const auto [end, error] =
        std::from_chars(text.data() + digits, text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size() && value >= 0) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace

Json parsed(const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  return value.is_object() || value.is_array() ? value : Json();
}

const Json& at(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) {
    return kNothing;
  }
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string text_at(const Json& object, const char* key) {
  const Json& value = at(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t number_at(const Json& object, const char* key) {
  const Json& value = at(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::optional<jobs::TimePoint> time_at(const Json& object, const char* key) {
  return jobs::parse_time(text_at(object, key));
}

jobs::Result<Json> entries_of(const std::vector<forge::Reply>& pages) {
  Json all = Json::array();
  for (const forge::Reply& page : pages) {
    Json list = parsed(page.body);
    if (!list.is_array()) {
      return jobs::fail(jobs::ErrorKind::transient, "the answer is not a list");
    }
    for (Json& each : list) {
      all.push_back(std::move(each));
    }
  }
  return all;
}

std::optional<int> priority_of(const std::vector<std::string>& labels) {
  std::optional<int> lowest;
  for (const std::string& label : labels) {
    if (const auto one = priority_in(label); one && (!lowest || *one < *lowest)) {
      lowest = one;
    }
  }
  return lowest;
}

std::string Place::path(std::initializer_list<std::string_view> rest) const {
  std::vector<std::string_view> parts{"repos", owner, name};
  parts.insert(parts.end(), rest);
  return forge::path_of(parts);
}

std::optional<Place> parse_place(std::string_view text) {
  const std::size_t slash = text.find('/');
  Place place{.owner = std::string(text.substr(0, slash)),
              .name = slash == std::string_view::npos ? "" : std::string(text.substr(slash + 1))};
  if (!jobs::is_safe_component(place.owner) || !jobs::is_safe_component(place.name)) {
    return std::nullopt;
  }
  return place;
}

jobs::Result<Place> place_of(const jobs::Repo& repo) {
  const std::string& path = repo.tracker_path.empty() ? repo.name.str() : repo.tracker_path;
  if (const auto place = parse_place(path)) {
    return *place;
  }
  return jobs::fail(jobs::ErrorKind::usage,
                    fmt::format("\"{}\" is no repository of GitHub", jobs::one_line(path)),
                    "write tracker_path = \"owner/name\" into its [[repo]]");
}

}  // namespace runner::trackers::github

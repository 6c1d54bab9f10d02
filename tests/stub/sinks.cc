#include "tests/stub/sinks.h"

#include <optional>
#include <sstream>

#include <fmt/format.h>

namespace stub {

namespace {

using Families = std::map<std::string, std::string>;

std::string name_in(const std::string& line) {
  return line.substr(0, line.find_first_of("{ "));
}

/// The family that a sample belongs to, as far as suffixes tell.
std::string family_of(const std::string& name, const Families& known) {
  for (const char* suffix : {"_bucket", "_sum", "_count"}) {
    if (name.ends_with(suffix)) {
      const std::string base = name.substr(0, name.size() - std::string(suffix).size());
      if (known.contains(base)) {
        return base;
      }
    }
  }
  return name;
}

/// Nothing if a line is neither a comment nor "name[{labels}] value".
std::optional<Families> parse(const std::string& text) {
  Families families;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) {
      continue;
    }
    std::string family;
    if (line.starts_with("# TYPE ") || line.starts_with("# HELP ")) {
      family = name_in(line.substr(7));
    } else if (!line.starts_with("#")) {
      const std::size_t value = line.rfind(' ');
      if (value == std::string::npos || value + 1 == line.size() || name_in(line).empty()) {
        return std::nullopt;
      }
      family = family_of(name_in(line), families);
    }
    families[family] += line + "\n";
  }
  // A text without a last line end is one that was cut off.
  return text.empty() || text.ends_with('\n') ? std::optional(families) : std::nullopt;
}

}  // namespace

Answer NotificationSink::take(const Request& request, Log& log) {
  if (request.method != "POST") {
    return plain(405, "post it\n");
  }
  const std::string key = header(request.headers, "Idempotency-Key").value_or("");
  {
    const std::lock_guard lock(mutex_);
    all_.push_back(
        {.request = request.number, .path = request.path, .key = key, .body = request.body});
  }
  log.effect(request.number, "notified", key);
  return plain(202, "taken\n");
}

std::vector<Notified> NotificationSink::all() const {
  const std::lock_guard lock(mutex_);
  return all_;
}

std::map<std::string, int> NotificationSink::keys() const {
  std::map<std::string, int> keys;
  for (const Notified& each : all()) {
    keys[each.key] += 1;
  }
  return keys;
}

Answer MetricsSink::take(const Request& request, Log& log) {
  const std::string group = request.path.substr(std::string("/metrics").size());
  const std::lock_guard lock(mutex_);
  if (request.method == "GET") {
    std::string all;
    for (const auto& [name, families] : groups_) {
      for (const auto& [family, lines] : families) {
        all += lines;
      }
    }
    return {.status = 200, .headers = {{"Content-Type", "text/plain; version=0.0.4"}}, .body = all};
  }
  if (!group.starts_with("/job/")) {
    return plain(400, "a group begins with /job/\n");
  }
  if (request.method == "DELETE") {
    groups_.erase(group);
    log.effect(request.number, "metrics deleted", group);
    return plain(202, "");
  }
  auto families = parse(request.body);
  if (!families) {
    return plain(400, "text format parsing error\n");
  }
  if (request.method == "PUT") {
    groups_[group].clear();
  } else if (request.method != "POST") {
    return plain(405, "PUT, POST or DELETE\n");
  }
  for (auto& [family, lines] : *families) {
    groups_[group][family] = std::move(lines);
  }
  log.effect(request.number, "metrics taken", group);
  return plain(200, "");
}

std::map<std::string, Families> MetricsSink::groups() const {
  const std::lock_guard lock(mutex_);
  return groups_;
}

}  // namespace stub

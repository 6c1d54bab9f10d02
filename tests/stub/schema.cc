#include "tests/stub/schema.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

namespace stub {

using Json = nlohmann::json;

namespace {

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    out.push_back(path.substr(at + 1, end - at - 1));
    at = end;
  }
  return out;
}

/// How many segments are the same in words; -1 if the path is none of this form. The last segment
/// of a form that names a whole repository holds its slash.
int likeness(const std::string& form, const std::string& path) {
  const auto wanted = segments(form);
  auto had = segments(path);
  if (form.ends_with("{repo_full_name}") && had.size() > wanted.size()) {
    had.resize(wanted.size());
  }
  if (wanted.size() != had.size()) {
    return -1;
  }
  int same = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != had[i]) {
        return -1;
      }
      ++same;
    }
  }
  return same;
}

}  // namespace

Schema::Schema(const std::string& file, std::string prefix) : prefix_(std::move(prefix)) {
  if (file.empty()) {
    return;
  }
  std::ifstream in(std::string(RUNNER_SOURCE_DIR) + "/tests/stub/specs/" + file);
  spec_ = Json::parse(in);
}

const Json* Schema::operation(const std::string& method, const std::string& path) const {
  if (spec_.is_null() || !path.starts_with(prefix_)) {
    return nullptr;
  }
  const Json* best = nullptr;
  int most = -1;
  for (const auto& [form, methods] : spec_.at("paths").items()) {
    const int same = likeness(form, path.substr(prefix_.size()));
    if (same > most) {
      most = same;
      best = &methods;
    }
  }
  std::string lower;
  for (const char c : method) {
    lower += static_cast<char>(c | 0x20);
  }
  return best != nullptr && best->contains(lower) ? &best->at(lower) : nullptr;
}

const Json& Schema::resolved(const Json& schema) const {
  const Json* at = &schema;
  while (at->contains("$ref")) {
    at = &spec_.at(Json::json_pointer(at->at("$ref").get<std::string>().substr(1)));
  }
  return *at;
}

void Schema::check(const Json& schema, const Json& value, const std::string& at, bool sent,
                   std::vector<std::string>& faults) const {
  const Json& one = resolved(schema);
  if (value.is_null()) {
    return;  // Go says null for what is not there.
  }
  // Go writes bytes as base64, which its own description calls a list of numbers.
  if (value.is_string() && one.value("type", "") == "array" &&
      resolved(one.at("items")).value("type", "") == "integer") {
    return;
  }
  const std::string type = one.value("type", one.contains("properties") ? "object" : "");
  const bool fits =
      type.empty() || (type == "object" && value.is_object()) ||
      (type == "array" && value.is_array()) || (type == "string" && value.is_string()) ||
      (type == "boolean" && value.is_boolean()) ||
      (type == "integer" && value.is_number_integer()) || (type == "number" && value.is_number());
  if (!fits) {
    faults.push_back(fmt::format("{} is no {}: {}", at, type, value.dump().substr(0, 60)));
    return;
  }
  if (one.contains("enum") && std::ranges::find(one.at("enum"), value) == one.at("enum").end()) {
    faults.push_back(fmt::format("{} may not be {}", at, value.dump()));
  }
  if (value.is_array() && one.contains("items")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      check(one.at("items"), value.at(i), fmt::format("{}[{}]", at, i), sent, faults);
    }
  }
  if (!value.is_object() || !one.contains("properties")) {
    return;
  }
  for (const auto& [name, field] : value.items()) {
    if (one.at("properties").contains(name)) {
      check(one.at("properties").at(name), field, at + "." + name, sent, faults);
    } else {
      faults.push_back(fmt::format("{} has \"{}\", which the description has not", at, name));
    }
  }
  for (const Json& name : sent ? one.value("required", Json::array()) : Json::array()) {
    if (!value.contains(name.get<std::string>())) {
      faults.push_back(fmt::format("{} lacks \"{}\"", at, name.get<std::string>()));
    }
  }
}

std::vector<std::string> Schema::faults_of_answer(const std::string& method,
                                                  const std::string& path, int status,
                                                  const std::string& body) const {
  const Json* found = operation(method, path);
  if (spec_.is_null()) {
    return {};
  }
  if (found == nullptr) {
    return {fmt::format("{} {} is not described", method, path)};
  }
  if (status >= 400) {
    return {};
  }
  const Json& responses = found->at("responses");
  const std::string code = std::to_string(status);
  if (!responses.contains(code)) {
    return {fmt::format("{} {} does not answer {}", method, path, status)};
  }
  std::vector<std::string> faults;
  const Json& response = resolved(responses.at(code));
  if (response.contains("schema")) {
    check(response.at("schema"), Json::parse(body), "answer", false, faults);
  } else if (!body.empty()) {
    faults.push_back(fmt::format("{} {} answers {} without a body", method, path, status));
  }
  return faults;
}

std::vector<std::string> Schema::faults_of_request(const std::string& method,
                                                   const std::string& path,
                                                   const std::vector<std::string>& query,
                                                   const std::string& body) const {
  const Json* found = operation(method, path);
  if (spec_.is_null()) {
    return {};
  }
  if (found == nullptr) {
    return {fmt::format("{} {} is not described", method, path)};
  }
  std::vector<std::string> faults;
  const Json parameters = found->value("parameters", Json::array());
  const auto named = [&](const std::string& in, const std::string& name) {
    return std::ranges::any_of(parameters, [&](const Json& one) {
      return one.at("in") == in && (name.empty() || one.at("name") == name);
    });
  };
  for (const std::string& name : query) {
    if (!named("query", name)) {
      faults.push_back(fmt::format("{} {} has no parameter {}", method, path, name));
    }
  }
  if (!body.empty() && !named("body", "")) {
    faults.push_back(fmt::format("{} {} takes no body", method, path));
  }
  for (const Json& one : parameters) {
    if (one.at("in") == "body" && !body.empty()) {
      check(one.at("schema"), Json::parse(body), "request", true, faults);
    }
  }
  return faults;
}

}  // namespace stub

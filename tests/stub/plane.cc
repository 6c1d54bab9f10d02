#include "tests/stub/plane.h"

#include <algorithm>

#include <fmt/format.h>

namespace stub {

using Json = nlohmann::json;

namespace {

constexpr std::int64_t kMostOfPage = 100;

Answer plane_problem(int status, const std::string& message) {
  return json_answer(status, Json{{"error", message}}.dump());
}

Answer missing() {
  return plane_problem(404, "The requested resource does not exist.");
}

std::string asked(const Request& request, const char* name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

std::vector<std::string> parts_of(std::string_view path) {
  constexpr std::string_view kApi = "/api/v1/";
  path.remove_prefix(path.starts_with(kApi) ? kApi.size() : path.size());
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    parts.push_back(percent_decoded(part));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
  }
  return parts;
}

/// What stands in "100:2:0" between the colons.
std::int64_t page_of(const std::string& cursor) {
  const std::size_t colon = cursor.find(':');
  return colon == std::string::npos ? 0 : std::stoll(cursor.substr(colon + 1));
}

Json only(const Json& item, const std::string& fields) {
  if (fields.empty()) {
    return item;
  }
  Json out = Json::object();
  for (const auto& [key, value] : item.items()) {
    if (("," + fields + ",").find("," + key + ",") != std::string::npos) {
      out[key] = value;
    }
  }
  return out;
}

/// An item as it is answered: without what hangs on it.
Json bare(const Json& item) {
  Json out = item;
  for (const char* key : {"activities", "comments", "blocked_by"}) {
    out.erase(key);
  }
  return out;
}

}  // namespace

Answer Plane::answer(const Request& request) {
  const std::lock_guard lock(mutex_);
  if (revoked_) {
    return plane_problem(401, "Given API token is not valid");
  }
  if (limited_) {
    Answer answer = plane_problem(429, "Rate limit exceeded");
    answer.headers.emplace_back("Retry-After", "30");
    return answer;
  }
  if (!request.path.ends_with('/')) {
    return Answer{.status = 301, .headers = {{"Location", request.path + "/"}}, .body = {}};
  }
  const Parts parts = parts_of(request.path);
  if (parts == Parts{"users", "me"}) {
    return json_answer(200, Json{{"id", user(options_.login)},
                                 {"first_name", ""},
                                 {"last_name", ""},
                                 {"email", options_.login},
                                 {"avatar", ""},
                                 {"avatar_url", nullptr},
                                 {"display_name", options_.login}}
                                .dump());
  }
  if (parts.size() < 3 || parts[0] != "workspaces" || parts[1] != options_.workspace) {
    return missing();
  }
  return read(request, {parts.begin() + 2, parts.end()});
}

/// Whatever `per_page` says, more than a hundred is an error and not cut.
Answer Plane::list(const Request& request, const Json& items) const {
  const std::string per_page = asked(request, "per_page");
  const std::int64_t size = per_page.empty() ? kMostOfPage : std::stoll(per_page);
  if (size < 1 || size > kMostOfPage) {
    return plane_problem(400, "Invalid per_page value. Cannot exceed 100.");
  }
  const std::int64_t page = page_of(asked(request, "cursor"));
  const auto total = static_cast<std::int64_t>(items.size());
  Json some = Json::array();
  for (std::int64_t i = page * size; i < std::min((page + 1) * size, total); ++i) {
    some.push_back(only(items.at(static_cast<std::size_t>(i)), asked(request, "fields")));
  }
  const Json count = some.size();
  return json_answer(200, Json{{"grouped_by", nullptr},
                               {"sub_grouped_by", nullptr},
                               {"total_count", total},
                               {"next_cursor", fmt::format("{}:{}:0", size, page + 1)},
                               {"prev_cursor", fmt::format("{}:{}:1", size, page - 1)},
                               {"next_page_results", (page + 1) * size < total},
                               {"prev_page_results", page > 0},
                               {"count", count},
                               {"total_pages", (total + size - 1) / size},
                               {"total_results", total},
                               {"extra_stats", nullptr},
                               {"results", some}}
                              .dump());
}

Answer Plane::read(const Request& request, const Parts& parts) {
  const std::string noun = options_.old ? "issues" : "work-items";
  if (parts == Parts{"projects"}) {
    Json seen = Json::array();
    for (const auto& [identifier, project] : projects_) {
      if (project.at("hidden") == false) {
        seen.push_back({{"id", project.at("id")},
                        {"identifier", identifier},
                        {"name", identifier},
                        {"workspace", options_.workspace}});
      }
    }
    return list(request, seen);
  }
  if (parts.size() == 2 && parts[0] == noun) {
    const std::size_t dash = parts[1].rfind('-');
    const auto project = projects_.find(parts[1].substr(0, dash));
    if (dash == std::string::npos || project == projects_.end() ||
        project->second.at("hidden") == true ||
        !project->second.at("items").contains(parts[1].substr(dash + 1))) {
      return missing();
    }
    return json_answer(200, bare(project->second.at("items").at(parts[1].substr(dash + 1))).dump());
  }
  const auto project = std::ranges::find_if(projects_, [&](const auto& one) {
    return parts.size() > 2 && parts[0] == "projects" && one.second.at("id") == parts[1];
  });
  if (project == projects_.end()) {
    return missing();
  }
  if (project->second.at("hidden") == true) {
    return json_answer(403, R"({"detail":"You do not have permission to perform this action."})");
  }
  const Parts rest(parts.begin() + 2, parts.end());
  if (request.method != "GET") {
    return change(request, project->second, rest);
  }
  if (rest == Parts{"states"}) {
    return list(request, project->second.at("states"));
  }
  if (rest == Parts{"members"}) {
    return json_answer(200, members().dump());
  }
  if (rest.empty() || rest[0] != noun) {
    return missing();
  }
  if (rest.size() == 1) {
    Json items = Json::array();
    for (const Json& item : project->second.at("items")) {
      items.push_back(bare(item));
    }
    return list(request, items);
  }
  for (const Json& item : project->second.at("items")) {
    if (item.at("id") == rest[1]) {
      return read_item(request, item, {rest.begin() + 2, rest.end()});
    }
  }
  return missing();
}

Answer Plane::read_item(const Request& request, const Json& item, const Parts& parts) {
  if (parts.empty()) {
    return json_answer(200, bare(item).dump());
  }
  if (parts == Parts{"activities"}) {
    return list(request, item.at("activities"));
  }
  if (parts == Parts{"comments"}) {
    Json newest_first = Json::array();
    for (auto one = item.at("comments").rbegin(); one != item.at("comments").rend(); ++one) {
      newest_first.push_back(*one);
    }
    return list(request, newest_first);
  }
  if (parts.size() == 2 && parts[0] == "comments") {
    for (const Json& one : item.at("comments")) {
      if (one.at("id") == parts[1]) {
        return json_answer(200, one.dump());
      }
    }
    return json_answer(404, R"({"error":"The requested resource does not exist."})");
  }
  if (parts == Parts{"relations"} && options_.relations && !options_.old) {
    return json_answer(200, relations(item).dump());
  }
  return plane_problem(404, "Page not found.");
}

/// People of the workspace are members of each of its projects here.
Json Plane::members() const {
  Json members = Json::array();
  for (const auto& [login, role] : roles_) {
    Json one{{"id", users_.at(login)}, {"first_name", ""}, {"last_name", ""},
             {"email", login},         {"avatar", ""},     {"avatar_url", nullptr},
             {"display_name", "Alice"}};
    if (options_.roles) {
      one["role"] = role;
    }
    members.push_back(std::move(one));
  }
  return members;
}

Json Plane::relations(const Json& item) const {
  Json out = Json::object();
  for (const char* kind : {"blocking", "blocked_by", "duplicate", "relates_to", "start_after",
                           "start_before", "finish_after", "finish_before"}) {
    out[kind] = Json::array();
  }
  for (const Json& one : item.at("blocked_by")) {
    const Json& project = projects_.at(one.at("project").get<std::string>());
    out["blocked_by"].push_back(
        {{"project_id", project.at("id")},
         {"issue_id", project.at("items").at(one.at("number").get<std::string>()).at("id")}});
  }
  return out;
}

}  // namespace stub

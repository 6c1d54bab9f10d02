// What changes it: requests, and what people do beside them.
#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/time.h"
#include "tests/stub/plane.h"

namespace stub {

using Json = nlohmann::json;

namespace {

/// As the server cleans HTML: comments do not survive.
std::string cleaned(std::string html) {
  for (std::size_t at = html.find("<!--"); at != std::string::npos; at = html.find("<!--")) {
    const std::size_t end = html.find("-->", at);
    html.erase(at, end == std::string::npos ? end : end + 3 - at);
  }
  return html;
}

double epoch_of(const std::string& at) {
  const auto time = jobs::parse_time(at);
  return time ? static_cast<double>(time->time_since_epoch().count() / 1000) : 0;
}

}  // namespace

std::string Plane::id() {
  const std::int64_t number = next_id_++;
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", number * 2654435761 % 4294967296, number);
}

std::string Plane::now() {
  ++clock_;
  return fmt::format("2026-11-20T10:{:02}:{:02}.500000Z", clock_ / 60 % 60, clock_ % 60);
}

std::string Plane::user(const std::string& login) {
  const auto [at, made] = users_.try_emplace(login);
  if (made) {
    at->second = id();
  }
  return at->second;
}

Json& Plane::made(const std::string& identifier) {
  const auto [at, made] = projects_.try_emplace(identifier);
  if (made) {
    at->second = {
        {"id", id()}, {"hidden", false}, {"states", Json::array()}, {"items", Json::object()}};
    // Those that a new project has, and two that somebody made.
    for (const auto& [name, group] :
         std::vector<std::pair<std::string, std::string>>{{"Backlog", "backlog"},
                                                          {"Todo", "unstarted"},
                                                          {"In Progress", "started"},
                                                          {"Done", "completed"},
                                                          {"Cancelled", "cancelled"},
                                                          {"Ready", "unstarted"},
                                                          {"Needs Human", "started"}}) {
      at->second["states"].push_back({{"id", id()},
                                      {"name", name},
                                      {"group", group},
                                      {"default", name == "Backlog"},
                                      {"project", at->second.at("id")},
                                      {"workspace", options_.workspace}});
    }
  }
  return at->second;
}

Json& Plane::item(const std::string& project, std::int64_t number) {
  return made(project).at("items").at(std::to_string(number));
}

void Plane::project(const std::string& identifier) {
  const std::lock_guard lock(mutex_);
  made(identifier);
}

void Plane::project(const std::string& identifier, const std::vector<StateOf>& states) {
  const std::lock_guard lock(mutex_);
  Json& project = made(identifier);
  project["states"] = Json::array();
  for (const StateOf& state : states) {
    project["states"].push_back({{"id", id()},
                                 {"name", state.name},
                                 {"group", state.group},
                                 {"default", project.at("states").empty()},
                                 {"project", project.at("id")},
                                 {"workspace", options_.workspace}});
  }
}

void Plane::rename_state(const std::string& project, const std::string& from,
                         const std::string& to) {
  const std::lock_guard lock(mutex_);
  for (Json& state : made(project).at("states")) {
    if (state.at("name") == from) {
      state["name"] = to;
    }
  }
}

std::string Plane::state_id(const std::string& project, const std::string& state) {
  const std::lock_guard lock(mutex_);
  for (const Json& one : made(project).at("states")) {
    if (one.at("name") == state) {
      return one.at("id");
    }
  }
  return {};
}

std::string Plane::state_of(const std::string& project, std::int64_t number) {
  const std::lock_guard lock(mutex_);
  for (const Json& one : made(project).at("states")) {
    if (one.at("id") == item(project, number).at("state")) {
      return one.at("name");
    }
  }
  return {};
}

std::vector<std::string> Plane::comments_of(const std::string& project, std::int64_t number) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> texts;
  for (const Json& one : item(project, number).at("comments")) {
    texts.push_back(one.at("comment_html"));
  }
  return texts;
}

void Plane::put(const std::string& project, std::int64_t number, const Written& written) {
  const std::string state = state_id(project, written.state);
  const std::lock_guard lock(mutex_);
  Json& item = made(project).at("items")[std::to_string(number)];
  item = {{"id", id()},
          {"sequence_id", number},
          {"name", written.title},
          {"description_html", written.html},
          {"state", state},
          {"priority", written.priority},
          {"project", made(project).at("id")},
          {"workspace", options_.workspace},
          {"created_by", user(written.author)},
          {"created_at", "2026-11-20T06:00:00.000000Z"},
          {"updated_at", "2026-11-20T06:00:00.000000Z"},
          {"activities", Json::array()},
          {"comments", Json::array()},
          {"blocked_by", Json::array()}};
  log(item, written.author, "2026-11-20T06:00:00Z",
      {{"verb", "created"}, {"comment", "created the issue"}, {"field", nullptr}});
}

void Plane::log(Json& item, const std::string& by, const std::string& at, const Json& what) {
  Json activity{{"id", id()},
                {"verb", "updated"},
                {"field", nullptr},
                {"old_value", nullptr},
                {"new_value", nullptr},
                {"comment", ""},
                {"attachments", Json::array()},
                {"old_identifier", nullptr},
                {"new_identifier", nullptr},
                {"epoch", epoch_of(at)},
                {"created_at", at},
                {"updated_at", at},
                {"actor", gone_.contains(by) ? Json() : Json(user(by))},
                {"issue", item.at("id")},
                {"issue_comment", nullptr},
                {"project", item.at("project")},
                {"workspace", options_.workspace}};
  activity.update(what);
  item.at("activities").push_back(std::move(activity));
  item["updated_at"] = at;
}

void Plane::move_to(Json& project, Json& item, const std::string& state_id, const std::string& by,
                    const std::string& at) {
  const auto name_of = [&](const Json& id) -> Json {
    for (const Json& state : project.at("states")) {
      if (state.at("id") == id) {
        return state.at("name");
      }
    }
    return nullptr;
  };
  const bool rule = automations_.contains(by);
  log(item, by, at,
      {{"field", "state"},
       {"comment", rule ? "Plane updated the state to " : "updated the state to"},
       {"old_value", rule ? Json() : name_of(item.at("state"))},
       {"new_value", name_of(state_id)},
       {"old_identifier", rule ? Json() : item.at("state")},
       {"new_identifier", state_id}});
  item["state"] = state_id;
}

void Plane::move(const std::string& project, std::int64_t number, const std::string& state,
                 const std::string& by, const std::string& at, const std::string& logged) {
  const std::string to = state_id(project, state);
  const std::lock_guard lock(mutex_);
  move_to(made(project), item(project, number), to, by, at);
  if (!logged.empty()) {
    item(project, number).at("activities").back()["created_at"] = logged;
  }
}

void Plane::edit(const std::string& project, std::int64_t number, const std::string& field,
                 const std::string& by, const std::string& at) {
  const std::lock_guard lock(mutex_);
  log(item(project, number), by, at, {{"field", field}, {"new_value", "changed"}});
}

void Plane::block(const std::string& project, std::int64_t number, const std::string& by_project,
                  std::int64_t by_number) {
  const std::lock_guard lock(mutex_);
  item(project, number)
      .at("blocked_by")
      .push_back({{"project", by_project}, {"number", std::to_string(by_number)}});
}

void Plane::hide(const std::string& project) {
  const std::lock_guard lock(mutex_);
  made(project)["hidden"] = true;
}

void Plane::member(const std::string& login, std::int64_t role) {
  const std::lock_guard lock(mutex_);
  user(login);
  roles_[login] = role;
}

void Plane::automation(const std::string& login) {
  const std::lock_guard lock(mutex_);
  automations_.insert(login);
}

void Plane::forget(const std::string& login) {
  const std::lock_guard lock(mutex_);
  gone_.insert(login);
}

void Plane::comment(const std::string& project, std::int64_t number, const std::string& author,
                    const std::string& html, const std::string& claims) {
  const std::lock_guard lock(mutex_);
  item(project, number)
      .at("comments")
      .push_back({{"id", id()},
                  {"comment_html", cleaned(html)},
                  {"access", "INTERNAL"},
                  {"actor", user(author)},
                  {"created_by", user(claims.empty() ? author : claims)},
                  {"created_at", now()}});
}

void Plane::limit(bool on) {
  const std::lock_guard lock(mutex_);
  limited_ = on;
}

void Plane::revoke_token(bool on) {
  const std::lock_guard lock(mutex_);
  revoked_ = on;
}

Answer Plane::change(const Request& request, Json& project, const Parts& parts) {
  const std::string noun = options_.old ? "issues" : "work-items";
  Json* found = nullptr;
  for (Json& one : project.at("items")) {
    if (parts.size() > 1 && parts[0] == noun && one.at("id") == parts[1]) {
      found = &one;
    }
  }
  if (found == nullptr) {
    return json_answer(404, R"({"error":"The requested resource does not exist."})");
  }
  if (parts.size() > 2) {
    return change_comment(request, *found, parts);
  }
  const Json body = Json::parse(request.body);
  const Json& states = project.at("states");
  const bool known = std::ranges::any_of(
      states, [&](const Json& state) { return state.at("id") == body.at("state"); });
  if (request.method != "PATCH" || !known) {
    return json_answer(
        400, R"({"non_field_errors":["State is not valid please pass a valid state_id"]})");
  }
  if (found->at("state") != body.at("state")) {
    move_to(project, *found, body.at("state"), options_.login, now());
  }
  return json_answer(200, Json{{"id", found->at("id")}, {"state", found->at("state")}}.dump());
}

Answer Plane::change_comment(const Request& request, Json& item, const Parts& parts) {
  const Json body = Json::parse(request.body);
  if (parts[2] != "comments" || !body.contains("comment_html")) {
    return json_answer(400, R"({"error":"Please provide valid detail"})");
  }
  const std::string html = cleaned(body.at("comment_html"));
  if (parts.size() == 3 && request.method == "POST") {
    item.at("comments")
        .push_back({{"id", id()},
                    {"comment_html", html},
                    {"access", "INTERNAL"},
                    {"actor", user(options_.login)},
                    {"created_by", user(options_.login)},
                    {"created_at", now()}});
    return json_answer(201, item.at("comments").back().dump());
  }
  for (Json& one : item.at("comments")) {
    if (parts.size() == 4 && request.method == "PATCH" && one.at("id") == parts[3]) {
      one["comment_html"] = html;
      return json_answer(200, one.dump());
    }
  }
  return json_answer(404, R"({"error":"The requested resource does not exist."})");
}

}  // namespace stub

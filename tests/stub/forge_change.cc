// What changes a forge: requests, and what others do beside them.
#include <algorithm>

#include <fmt/format.h>

#include "tests/stub/forge.h"
#include "tests/stub/rest_shapes.h"

namespace stub {

namespace {

using Json = nlohmann::json;

Answer invalid(const std::string& why) {
  return json_answer(422, Json{{"message", "Validation Failed: " + why},
                               {"documentation_url", "https://docs.github.com/rest"}}
                              .dump());
}

bool carries(const Json& issue, const std::string& label) {
  return std::ranges::any_of(issue.at("labels"),
                             [&](const Json& each) { return each.at("name") == label; });
}

/// `{"labels": ["a", "b"]}` or `["a", "b"]`; labels may also be objects with a name.
std::vector<std::string> labels_in(const Json& body) {
  const Json& list = body.is_object() ? body.value("labels", Json::array()) : body;
  std::vector<std::string> labels;
  for (const Json& each : list) {
    labels.push_back(each.is_object() ? each.value("name", "") : each.get<std::string>());
  }
  return labels;
}

}  // namespace

void Forge::add_repo(const std::string& repo) {
  const std::lock_guard lock(mutex_);
  Json& made = writing()[repo];
  for (const char* part : {"issues", "comments", "events", "permissions", "statuses", "checks",
                           "blockers", "edits", "labels", "flags"}) {
    made[part] = Json::object();
  }
}

void Forge::permit(const std::string& repo, const std::string& login, const std::string& permission,
                   const std::string& role) {
  const std::lock_guard lock(mutex_);
  writing().at(repo)["permissions"][login] = {{"permission", permission}, {"role_name", role}};
}

int Forge::add_issue(const std::string& repo, const std::string& author, const std::string& title,
                     const std::string& body) {
  int number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = static_cast<int>(state_.at(repo).at("issues").size()) + 1;
  }
  put_issue(repo, number, author, title, body);
  return number;
}

void Forge::put_issue(const std::string& repo, int number, const std::string& author,
                      const std::string& title, const std::string& body) {
  const std::lock_guard lock(mutex_);
  Json& place = writing().at(repo);
  for (const char* about : {"comments", "events", "blockers", "edits"}) {
    place[about].erase(std::to_string(number));
  }
  place.at("issues")[std::to_string(number)] = {{"id", next_id_++},
                                                {"number", number},
                                                {"title", title},
                                                {"body", body},
                                                {"state", "open"},
                                                {"state_reason", nullptr},
                                                {"user", rest::person(author)},
                                                {"author_association", "CONTRIBUTOR"},
                                                {"labels", Json::array()},
                                                {"created_at", timestamp()},
                                                {"updated_at", timestamp()},
                                                {"closed_at", nullptr}};
}

void Forge::label(const std::string& repo, int number, const std::string& label,
                  const std::string& actor) {
  const std::lock_guard lock(mutex_);
  Json& place = writing().at(repo);
  put_label(place, place.at("issues").at(std::to_string(number)), label, actor);
}

void Forge::block(const std::string& repo, int number, const std::string& by_repo, int by_number) {
  const std::lock_guard lock(mutex_);
  writing().at(repo)["blockers"][std::to_string(number)].push_back(
      {{"repo", by_repo}, {"number", std::to_string(by_number)}});
}

void Forge::label_event(Json& repo, const Json& issue, const std::string& event,
                        const std::string& label, const std::string& actor) {
  repo["events"][std::to_string(issue.at("number").get<int>())].push_back(
      {{"id", next_id_++},
       {"event", event},
       {"actor", account(actor)},
       {"created_at", timestamp()},
       {"commit_id", nullptr},
       {"performed_via_github_app", nullptr},
       {"label", {{"name", label}, {"color", "ededed"}}}});
}

bool Forge::put_label(Json& repo, Json& issue, const std::string& label, const std::string& actor) {
  if (carries(issue, label)) {
    return false;
  }
  issue["labels"].push_back({{"name", label}, {"color", "ededed"}});
  repo["labels"].emplace(label, Json{{"name", label}, {"color", "ededed"}});
  issue["updated_at"] = timestamp();
  label_event(repo, issue, "labeled", label, actor);
  return true;
}

bool Forge::drop_label(Json& repo, Json& issue, const std::string& label,
                       const std::string& actor) {
  if (!carries(issue, label)) {
    return false;
  }
  std::erase_if(issue["labels"].get_ref<Json::array_t&>(),
                [&](const Json& each) { return each.at("name") == label; });
  issue["updated_at"] = timestamp();
  label_event(repo, issue, "unlabeled", label, actor);
  return true;
}

Answer Forge::make_label(const Request& request, const Place& place, const Json& body, Log& log) {
  const std::string name = body.value("name", "");
  if (name.empty()) {
    return invalid("a label needs a name");
  }
  if (state_.at(place.repo).at("labels").contains(name)) {
    return json_answer(
        422,
        R"({"message":"Validation Failed","errors":[{"resource":"Label","code":"already_exists","field":"name"}],"documentation_url":"https://docs.github.com/rest"})");
  }
  const Json made = {{"id", next_id_++},
                     {"name", name},
                     {"color", body.value("color", "ededed")},
                     {"description", body.value("description", Json())}};
  writing().at(place.repo)["labels"][name] = made;
  log.effect(request.number, "label made", place.repo + " " + name);
  return json_answer(201, rest::label(place.repo, made).dump());
}

Answer Forge::change(const Request& request, const Place& place, Log& log) {
  Json body = Json::parse(request.body.empty() ? "{}" : request.body, nullptr,
                          /*allow_exceptions=*/false);
  if (body.is_discarded()) {
    return json_answer(400, R"({"message":"Problems parsing JSON","status":"400"})");
  }
  Json& repo = state_.at(place.repo);
  if (request.method == "POST" && place.is({"statuses", "*"})) {
    Json& statuses = writing().at(place.repo)["statuses"][place.rest[1]];
    statuses.push_back({{"id", next_id_++},
                        {"context", body.value("context", "default")},
                        {"state", body.value("state", "")},
                        {"description", body.value("description", Json())},
                        {"target_url", body.value("target_url", Json())},
                        {"updated_at", timestamp()}});
    log.effect(request.number, "status set", place.rest[1] + " " + body.value("state", ""));
    return json_answer(201, rest::status_made(place.repo, place.rest[1], statuses.back()).dump());
  }
  if (request.method == "POST" && place.is({"labels"})) {
    return make_label(request, place, body, log);
  }
  if (place.rest.size() < 2 || place.rest[0] != "issues") {
    return rest::not_found();
  }
  if (repo.at("flags").value("archived", false)) {
    return json_answer(403, R"({"message":"Repository was archived so is read-only."})");
  }
  if (request.method == "PATCH" && place.is({"issues", "comments", "*"})) {
    for (auto& [number, comments] : repo.at("comments").items()) {
      for (std::size_t i = 0; i < comments.size(); ++i) {
        if (std::to_string(comments[i].at("id").get<std::int64_t>()) == place.rest[2]) {
          Json& comment = writing().at(place.repo)["comments"][number][i];
          comment["body"] = body.value("body", "");
          comment["updated_at"] = timestamp();
          log.effect(request.number, "comment edited", place.repo + "#" + number);
          return json_answer(200, rest::comment(place.repo, number, comment).dump());
        }
      }
    }
    return rest::not_found();
  }
  if (!repo.at("issues").contains(place.rest[1])) {
    return rest::not_found();
  }
  Json& issue = writing().at(place.repo).at("issues").at(place.rest[1]);
  if (place.rest.size() >= 3 && place.rest[2] == "labels") {
    return change_labels(request, place, issue, log);
  }
  return change_issue(request, place, issue, log);
}

Answer Forge::change_issue(const Request& request, const Place& place, Json& issue, Log& log) {
  const Json body = Json::parse(request.body.empty() ? "{}" : request.body);
  const std::string name = place.repo + "#" + place.rest[1];
  if (request.method == "POST" && place.is({"issues", "*", "comments"})) {
    Json comment = {{"id", next_id_++},
                    {"body", body.value("body", "")},
                    {"user", rest::person(options_.login)},
                    {"author_association", "NONE"},
                    {"created_at", timestamp()},
                    {"updated_at", timestamp()}};
    state_.at(place.repo)["comments"][place.rest[1]].push_back(comment);
    issue["updated_at"] = timestamp();
    log.effect(request.number, "comment added", name);
    return json_answer(201, rest::comment(place.repo, place.rest[1], comment).dump());
  }
  if (request.method != "PATCH" || !place.is({"issues", "*"})) {
    return rest::not_found();
  }
  for (const char* key : {"title", "body", "state", "state_reason"}) {
    if (body.contains(key)) {
      issue[key] = body.at(key);
    }
  }
  issue["updated_at"] = timestamp();
  issue["closed_at"] = issue.at("state") == "closed" ? Json(timestamp()) : Json();
  log.effect(request.number, "issue changed", name + " " + body.dump());
  return json_answer(200, shown(place.repo, state_.at(place.repo), issue).dump());
}

Answer Forge::change_labels(const Request& request, const Place& place, Json& issue, Log& log) {
  Json& repo = state_.at(place.repo);
  const std::string name = place.repo + "#" + place.rest[1];
  const auto note = [&](bool changed, const char* what, const std::string& label) {
    if (changed) {
      log.effect(request.number, what, name + " " + label);
    }
  };
  if (request.method == "DELETE" && place.is({"issues", "*", "labels", "*"})) {
    if (!drop_label(repo, issue, place.rest[3], options_.login)) {
      return json_answer(404, R"({"message":"Label does not exist","status":"404"})");
    }
    note(true, "label removed", place.rest[3]);
    return json_answer(200, rest::labels(place.repo, issue.at("labels")).dump());
  }
  if ((request.method != "POST" && request.method != "PUT") ||
      !place.is({"issues", "*", "labels"})) {
    return rest::not_found();
  }
  const std::vector<std::string> wanted = labels_in(Json::parse(request.body));
  if (std::ranges::any_of(wanted, [](const std::string& each) { return each.empty(); })) {
    return invalid("a label needs a name");
  }
  if (request.method == "PUT") {
    const Json before = issue.at("labels");
    for (const Json& each : before) {
      const std::string label = each.at("name");
      if (std::ranges::find(wanted, label) == wanted.end()) {
        note(drop_label(repo, issue, label, options_.login), "label removed", label);
      }
    }
  }
  for (const std::string& label : wanted) {
    note(put_label(repo, issue, label, options_.login), "label added", label);
  }
  return json_answer(200, rest::labels(place.repo, issue.at("labels")).dump());
}

void Forge::shift_pages(const Request& request, Log& log) {
  const std::lock_guard lock(mutex_);
  const Place place = place_of(request);
  if (!state_.contains(place.repo)) {
    return;
  }
  int newest = 0;
  for (const auto& [number, issue] : state_.at(place.repo).at("issues").items()) {
    newest = issue.at("state") == "open" ? std::max(newest, issue.at("number").get<int>()) : newest;
  }
  if (newest > 0) {
    Json& issue = writing().at(place.repo).at("issues").at(std::to_string(newest));
    issue["state"] = "closed";
    issue["closed_at"] = issue["updated_at"] = timestamp();
    log.effect(0, "issue closed by somebody else", fmt::format("{}#{}", place.repo, newest));
  }
}

}  // namespace stub

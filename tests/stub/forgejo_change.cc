// What changes it: requests, and what people do beside them.
#include <algorithm>

#include <fmt/format.h>

#include "tests/stub/forgejo.h"

namespace stub {

using Json = nlohmann::json;

namespace {

std::string page_of(const std::string& repo, std::int64_t number) {
  return fmt::format("https://forge.example/{}/issues/{}", repo, number);
}

}  // namespace

Json& Forgejo::repo(const std::string& name) {
  Json& repo = repos_[name];
  if (repo.is_null()) {
    const Json nothing = Json::object();
    repo = {{"issues", nothing},   {"labels", Json::array()}, {"timeline", nothing},
            {"comments", nothing}, {"blockers", nothing},     {"statuses", nothing},
            {"runs", nothing},     {"hidden", false},         {"has_issues", true},
            {"archived", false}};
  }
  return repo;
}

Json& Forgejo::label_of(const std::string& name, const std::string& label) {
  const std::string owner = name.substr(0, name.find('/'));
  if (organisations_.contains(owner)) {
    for (Json& one : organisations_.at(owner)) {
      if (one.at("name") == label) {
        return one;
      }
    }
  }
  Json& labels = repo(name).at("labels");
  for (Json& one : labels) {
    if (one.at("name") == label) {
      return one;
    }
  }
  labels.push_back({{"id", next_id_++}, {"name", label}, {"color", "00aabb"}});
  return labels.back();
}

std::string Forgejo::now() {
  ++clock_;
  return fmt::format("2026-11-20T09:{:02}:{:02}Z", clock_ / 60 % 60, clock_ % 60);
}

void Forgejo::mark(const std::string& name, Json& issue, const std::string& label,
                   const std::string& by, const std::string& at, bool on) {
  const Json known = label_of(name, label);
  Json& labels = issue.at("labels");
  std::erase_if(labels.get_ref<Json::array_t&>(),
                [&](const Json& one) { return one.at("name") == label; });
  if (on) {
    labels.push_back(known);
  }
  issue["updated_at"] = at;
  repo(name).at("timeline")[std::to_string(issue.at("number").get<std::int64_t>())].push_back(
      {{"id", next_id_++},
       {"type", "label"},
       {"body", on ? "1" : ""},
       {"label", known},
       {"created_at", at},
       {"updated_at", at},
       {"user",
        {{"id", by == "Ghost"            ? -1
                : programs_.contains(by) ? -2
                                         : 20},
         {"login", by}}}});
}

void Forgejo::put(const std::string& name, std::int64_t number, const Written& written) {
  const std::lock_guard lock(mutex_);
  Json labels = Json::array();
  for (const std::string& label : written.labels) {
    labels.push_back(label_of(name, label));
  }
  repo(name).at("issues")[std::to_string(number)] = {
      {"id", next_id_++},
      {"number", number},
      {"title", written.title},
      {"body", written.body},
      {"state", written.open ? "open" : "closed"},
      {"labels", labels},
      {"html_url", page_of(name, number)},
      {"created_at", "2026-11-20T06:00:00Z"},
      {"updated_at", "2026-11-20T06:00:00Z"},
      {"user", {{"id", 20}, {"login", written.author}}},
      {"repository", {{"id", 1}, {"full_name", name}}}};
}

void Forgejo::turn_issues_off(const std::string& name) {
  const std::lock_guard lock(mutex_);
  repo(name)["has_issues"] = false;
}

void Forgejo::archive(const std::string& name) {
  const std::lock_guard lock(mutex_);
  repo(name)["archived"] = true;
}

void Forgejo::put_pull_request(const std::string& name, std::int64_t number,
                               const std::vector<std::string>& labels) {
  put(name, number, {.labels = labels});
  const std::lock_guard lock(mutex_);
  repo(name).at("issues").at(std::to_string(number))["pull_request"] = {{"merged", false}};
}

void Forgejo::label(const std::string& name, std::int64_t number, const std::string& label,
                    const std::string& by, const std::string& at, bool on) {
  const std::lock_guard lock(mutex_);
  mark(name, repo(name).at("issues").at(std::to_string(number)), label, by, at, on);
}

void Forgejo::touch(const std::string& name, std::int64_t number, const std::string& at) {
  const std::lock_guard lock(mutex_);
  repo(name).at("issues").at(std::to_string(number))["updated_at"] = at;
}

void Forgejo::block(const std::string& name, std::int64_t number, const std::string& by_repo,
                    std::int64_t by_number) {
  const std::lock_guard lock(mutex_);
  repo(name).at("blockers")[std::to_string(number)].push_back(
      {{"repo", by_repo}, {"number", std::to_string(by_number)}});
}

void Forgejo::hide(const std::string& name) {
  const std::lock_guard lock(mutex_);
  repo(name)["hidden"] = true;
}

void Forgejo::permit(const std::string& login, const std::string& permission) {
  const std::lock_guard lock(mutex_);
  permissions_[login] = permission;
}

void Forgejo::program(const std::string& login) {
  const std::lock_guard lock(mutex_);
  programs_.insert(login);
}

void Forgejo::organisation(const std::string& name, const std::vector<std::string>& labels) {
  const std::lock_guard lock(mutex_);
  organisations_[name] = Json::array();
  for (const std::string& label : labels) {
    organisations_[name].push_back({{"id", next_id_++}, {"name", label}, {"color", "00aabb"}});
  }
}

void Forgejo::comment(const std::string& name, std::int64_t number, const std::string& author,
                      const std::string& body) {
  const std::lock_guard lock(mutex_);
  repo(name).at("comments")[std::to_string(number)].push_back(
      {{"id", next_id_++},
       {"body", body},
       {"issue_url", page_of(name, number)},
       {"created_at", now()},
       {"user", {{"id", author == options_.login ? 7 : 20}, {"login", author}}}});
}

void Forgejo::set_status(const std::string& name, const std::string& sha,
                         const std::string& context, const std::string& state,
                         const std::string& run, const std::string& description) {
  const std::lock_guard lock(mutex_);
  repo(name).at("statuses")[sha].push_back(
      {{"id", next_id_++},
       {"context", context},
       {"status", state},
       {"description", description},
       {"target_url", run.empty() ? "" : fmt::format("/{}/actions/runs/{}/jobs/0", name, run)},
       {"created_at", "2026-11-20T07:00:00Z"},
       {"updated_at", "2026-11-20T07:00:00Z"}});
}

void Forgejo::set_run(const std::string& name, const std::string& sha, std::int64_t id,
                      const std::string& outcome) {
  const std::lock_guard lock(mutex_);
  repo(name).at("runs")[sha].push_back({{"id", id},
                                        {"index_in_repo", id},
                                        {"workflow_id", "ci.yml"},
                                        {"status", outcome},
                                        {"commit_sha", sha},
                                        {"need_approval", false},
                                        {"stopped", "2026-11-20T07:00:00Z"}});
}

Answer Forgejo::change(const Request& request, const std::string& name, const Parts& parts) {
  const Json body = request.body.empty() ? Json::object() : Json::parse(request.body);
  const auto bad = [](const std::string& what) {
    return json_answer(422, Json{{"message", what}, {"url", "/api/swagger"}}.dump());
  };
  if (parts == Parts{"labels"} && request.method == "POST") {
    if (!body.contains("name") || !body.contains("color")) {
      return bad("[Name]: Required");
    }
    repo(name).at("labels").push_back(
        {{"id", next_id_++}, {"name", body.at("name")}, {"color", "6f42c1"}});
    return json_answer(201, repo(name).at("labels").back().dump());
  }
  if (parts.size() >= 2 && parts[0] == "issues" && parts[1] == "comments") {
    return change_comment(body, name, parts);
  }
  if (parts.size() < 2 || parts[0] != "issues" || !repo(name).at("issues").contains(parts[1])) {
    return json_answer(404, Json{{"message", "The target couldn't be found."}}.dump());
  }
  Json& issue = repo(name).at("issues").at(parts[1]);
  const auto label_named = [&](std::int64_t id) -> std::string {
    const std::string owner = name.substr(0, name.find('/'));
    for (const Json& labels :
         {repo(name).at("labels"),
          organisations_.contains(owner) ? organisations_.at(owner) : Json::array()}) {
      for (const Json& one : labels) {
        if (one.at("id") == id) {
          return one.at("name");
        }
      }
    }
    return {};
  };
  if (parts.size() == 2 && request.method == "PATCH") {
    issue["state"] = body.value("state", issue.at("state").get<std::string>());
    return json_answer(201, issue.dump());
  }
  if (parts[2] == "labels" && request.method == "POST") {
    for (const Json& id : body.at("labels")) {
      const std::string label = id.is_number() ? label_named(id.get<std::int64_t>()) : "";
      if (label.empty()) {
        return bad("label ids are numbers here");
      }
      mark(name, issue, label, options_.login, now(), true);
    }
    return json_answer(200, issue.at("labels").dump());
  }
  if (parts[2] == "labels" && request.method == "DELETE" && parts.size() == 4) {
    const std::string label = label_named(std::stoll(parts[3]));
    if (label.empty()) {
      return bad("no such label");
    }
    mark(name, issue, label, options_.login, now(), false);
    return Answer{.status = 204, .headers = {}, .body = {}};
  }
  if (parts[2] == "comments" && request.method == "POST") {
    if (!body.contains("body")) {
      return bad("[Body]: Required");
    }
    Json& comments = repo(name).at("comments")[parts[1]];
    comments.push_back({{"id", next_id_++},
                        {"body", body.at("body")},
                        {"issue_url", page_of(name, std::stoll(parts[1]))},
                        {"created_at", now()},
                        {"user", {{"id", 7}, {"login", options_.login}}}});
    return json_answer(201, comments.back().dump());
  }
  return json_answer(404, Json{{"message", "not found"}}.dump());
}

Answer Forgejo::change_comment(const Json& body, const std::string& name, const Parts& parts) {
  for (Json& comments : repo(name).at("comments")) {
    for (Json& one : comments) {
      if (parts.size() == 3 && std::to_string(one.at("id").get<std::int64_t>()) == parts[2]) {
        one["body"] = body.at("body");
        return json_answer(200, one.dump());
      }
    }
  }
  return json_answer(404, Json{{"message", "not found"}}.dump());
}

}  // namespace stub

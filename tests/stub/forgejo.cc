#include "tests/stub/forgejo.h"

#include <algorithm>

#include <fmt/format.h>

namespace stub {

using Json = nlohmann::json;

namespace {

Answer forgejo_problem(int status, const std::string& message) {
  return json_answer(status, Json{{"message", message}, {"url", "/api/swagger"}}.dump());
}

std::int64_t number_in(const Request& request, const char* name, std::int64_t otherwise) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? otherwise : std::stoll(found->second);
}

std::vector<std::string> parts_of(std::string_view path) {
  constexpr std::string_view kApi = "/api/v1";
  path.remove_prefix(path.starts_with(kApi) ? kApi.size() : 0);
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    parts.push_back(percent_decoded(part));
    path.remove_prefix(part.size());
  }
  return parts;
}

bool has_label(const Json& issue, const std::string& label) {
  return std::ranges::any_of(issue.at("labels"),
                             [&](const Json& one) { return one.at("name") == label; });
}

}  // namespace

Answer Forgejo::answer(const Request& request) {
  const std::lock_guard lock(mutex_);
  if (request.path == "/api/forgejo/v1/version") {
    return options_.gitea ? forgejo_problem(404, "not found")
                          : json_answer(200, R"({"version":"16.0.1+gitea-1.22.0"})");
  }
  const Parts parts = parts_of(request.path);
  if (parts == Parts{"user", "repos"}) {
    return own_repos(request);
  }
  if (parts == Parts{"repos", "issues", "search"}) {
    return search(request);
  }
  if (parts.size() < 3 || parts[0] != "repos") {
    return read(request, parts);
  }
  const std::string name = parts[1] + "/" + parts[2];
  const auto found = repos_.find(name);
  if (found == repos_.end() || found->second.at("hidden") == true) {
    return forgejo_problem(404, "The target couldn't be found.");
  }
  const Parts rest(parts.begin() + 3, parts.end());
  if (!rest.empty() && rest[0] == "pulls") {
    return pulls.answer(request, name, {rest.begin() + 1, rest.end()}, options_.login, log_);
  }
  return request.method == "GET" ? read_repo(request, name, rest) : change(request, name, rest);
}

Json Forgejo::described(const std::string& name) const {
  const Json& repo = repos_.at(name);
  return {{"id", 1},
          {"full_name", name},
          {"has_issues", repo.at("has_issues")},
          {"archived", repo.at("archived")}};
}

/// Those that the account owns or works on.
Answer Forgejo::own_repos(const Request& request) const {
  Json found = Json::array();
  for (const auto& [name, repo] : repos_) {
    if (repo.at("hidden") == false) {
      found.push_back(described(name));
    }
  }
  return list(request, found);
}

/// Silent about what is hidden or has no issues; names of labels that are nowhere are left out of
/// the filter, which may leave none.
Answer Forgejo::search(const Request& request) const {
  const auto asked = [&](const char* key) {
    const auto found = request.query.find(key);
    return found == request.query.end() ? std::string() : found->second;
  };
  const std::string labels = asked("labels");
  std::set<std::string> wanted;
  for (std::size_t at = 0; at < labels.size();) {
    const std::string label = labels.substr(at, labels.find(',', at) - at);
    at += label.size() + 1;
    for (const auto& [name, repo] : repos_) {
      if (std::ranges::any_of(repo.at("labels"),
                              [&](const Json& one) { return one.at("name") == label; })) {
        wanted.insert(label);
      }
    }
  }
  Json found = Json::array();
  for (const auto& [name, repo] : repos_) {
    if (repo.at("hidden") == true || repo.at("has_issues") == false ||
        name.substr(0, name.find('/')) != asked("owner")) {
      continue;
    }
    for (const Json& issue : repo.at("issues")) {
      const bool labelled = std::ranges::any_of(
          wanted, [&](const std::string& label) { return has_label(issue, label); });
      if ((asked("type") != "issues" || !issue.contains("pull_request")) &&
          issue.at("state") == asked("state") && (wanted.empty() || labelled)) {
        found.push_back(issue);
      }
    }
  }
  return list(request, found);
}

Answer Forgejo::read(const Request& request, const Parts& parts) {
  if (parts == Parts{"version"}) {
    return json_answer(
        200, options_.gitea ? R"({"version":"1.24.0"})" : R"({"version":"16.0.1+gitea-1.22.0"})");
  }
  if (parts == Parts{"user"}) {
    return json_answer(200, Json{{"id", 7}, {"login", options_.login}}.dump());
  }
  if (parts == Parts{"settings", "api"}) {
    return json_answer(200, Json{{"max_response_items", options_.most_of_page},
                                 {"default_paging_num", 30},
                                 {"default_git_trees_per_page", 1000},
                                 {"default_max_blob_size", 10'485'760}}
                                .dump());
  }
  if (parts.size() >= 2 && parts[0] == "orgs" && organisations_.contains(parts[1])) {
    return parts.size() == 2 ? json_answer(200, Json{{"id", 3}, {"name", parts[1]}}.dump())
                             : list(request, organisations_.at(parts[1]));
  }
  return forgejo_problem(404, "not found");
}

/// `limit` is cut without a word.
Answer Forgejo::list(const Request& request, const Json& items, bool paged) const {
  if (!paged) {
    return json_answer(200, items.dump());
  }
  const std::int64_t size =
      std::clamp<std::int64_t>(number_in(request, "limit", 30), 1, options_.most_of_page);
  const std::int64_t page = std::max<std::int64_t>(number_in(request, "page", 1), 1);
  const auto total = static_cast<std::int64_t>(items.size());
  Json out = Json::array();
  for (std::int64_t i = (page - 1) * size; i < std::min(page * size, total); ++i) {
    out.push_back(items.at(static_cast<std::size_t>(i)));
  }
  Answer answer = json_answer(200, out.dump());
  answer.headers.emplace_back("X-Total-Count", std::to_string(total));
  if (options_.links && page * size < total) {
    std::string query;
    for (const auto& [key, value] : request.query) {
      query += key == "page" ? "" : fmt::format("{}={}&", key, value);
    }
    answer.headers.emplace_back(
        "Link", fmt::format("<{}?{}page={}>; rel=\"next\"", request.path, query, page + 1));
  }
  return answer;
}

Answer Forgejo::read_repo(const Request& request, const std::string& name, const Parts& parts) {
  const Json& repo = repos_.at(name);
  const auto asked = [&](const char* key) {
    const auto found = request.query.find(key);
    return found == request.query.end() ? std::string() : found->second;
  };
  if (parts.empty()) {
    return json_answer(200, described(name).dump());
  }
  if (parts == Parts{"labels"}) {
    return list(request, repo.at("labels"));
  }
  if (parts == Parts{"assignees"}) {
    Json people = Json::array();
    for (const auto& [login, permission] : permissions_) {
      if (permission == "write" || permission == "admin") {
        people.push_back({{"id", 20}, {"login", login}});
      }
    }
    return list(request, people, false);
  }
  if (parts.size() == 3 && parts[0] == "collaborators" && parts[2] == "permission") {
    if (!options_.admin) {
      return forgejo_problem(
          403,
          "Only admins can query all permissions, repo admins can query all repo "
          "permissions, collaborators can query only their own");
    }
    const auto found = permissions_.find(parts[1]);
    return found == permissions_.end()
               ? forgejo_problem(404, "user does not exist")
               : json_answer(200, Json{{"permission", found->second},
                                       {"role_name", found->second},
                                       {"user", {{"id", 20}, {"login", parts[1]}}}}
                                      .dump());
  }
  if (parts.size() == 3 && parts[0] == "commits" && parts[2] == "status") {
    const Json all = repo.at("statuses").value(parts[1], Json::array());
    Answer page = list(request, all);
    const Json rows = Json::parse(page.body);
    page.body = Json{{"state", all.empty() ? "" : "pending"},
                     {"sha", parts[1]},
                     {"statuses", rows.empty() ? Json() : rows},
                     {"total_count", rows.size()}}
                    .dump();
    return page;
  }
  if (parts == Parts{"actions", "runs"}) {
    const Json all = repo.at("runs").value(asked("head_sha"), Json::array());
    Answer page = list(request, all);
    page.body = Json{{"total_count", all.size()}, {"workflow_runs", Json::parse(page.body)}}.dump();
    return page;
  }
  if (!parts.empty() && parts[0] == "issues" && repo.at("has_issues") == false) {
    return forgejo_problem(404, "The target couldn't be found.");
  }
  if (parts == Parts{"issues"}) {
    Json found = Json::array();
    const bool known = std::ranges::any_of(
        repo.at("labels"), [&](const Json& one) { return one.at("name") == asked("labels"); });
    for (const Json& issue : repo.at("issues")) {
      const bool wanted = (asked("type") != "issues" || !issue.contains("pull_request")) &&
                          issue.at("state") == asked("state") &&
                          (!known || has_label(issue, asked("labels")));
      if (wanted) {
        found.push_back(issue);
      }
    }
    return list(request, found);
  }
  return read_issue(request, name, parts);
}

Answer Forgejo::read_issue(const Request& request, const std::string& name, const Parts& parts) {
  const Json& repo = repos_.at(name);
  if (parts.size() == 3 && parts[0] == "issues" && parts[1] == "comments") {
    for (const Json& comments : repo.at("comments")) {
      for (const Json& one : comments) {
        if (std::to_string(one.at("id").get<std::int64_t>()) == parts[2]) {
          return json_answer(200, one.dump());
        }
      }
    }
    return forgejo_problem(404, "comment does not exist");
  }
  if (parts.size() < 2 || parts[0] != "issues" || !repo.at("issues").contains(parts[1])) {
    return forgejo_problem(404, "The target couldn't be found.");
  }
  if (parts.size() == 2) {
    return json_answer(200, repo.at("issues").at(parts[1]).dump());
  }
  if (parts[2] == "timeline") {
    return list(request, repo.at("timeline").value(parts[1], Json::array()));
  }
  if (parts[2] == "comments") {
    return list(request, repo.at("comments").value(parts[1], Json::array()), false);
  }
  if (parts[2] == "dependencies" && options_.dependencies) {
    Json out = Json::array();
    for (const Json& each : repo.at("blockers").value(parts[1], Json::array())) {
      const Json& other = repos_.at(each.at("repo").get<std::string>());
      out.push_back(other.at("hidden") == true
                        ? Json{{"id", 0},
                               {"number", 0},
                               {"title", "HIDDEN"},
                               {"state", "open"},
                               {"repository", nullptr}}
                        : other.at("issues").at(each.at("number").get<std::string>()));
    }
    return list(request, out);
  }
  return forgejo_problem(404, "not found");
}

}  // namespace stub

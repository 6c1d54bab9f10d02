// Commits: their statuses, checks, and how they stand to each other.
#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "tests/stub/bare_repo.h"
#include "tests/stub/forge.h"
#include "tests/stub/rest_shapes.h"

namespace stub {

namespace {

using Json = nlohmann::json;

/// A commit as lists of commits show it.
Json shown_commit(const std::string& repo, const std::string& folder, const std::string& sha) {
  std::istringstream said(git_in(
      folder, {"show", "-s", "--format=%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B", sha}, "forge"));
  std::string tree;
  std::string parents;
  Json people[2];
  std::getline(said, tree);
  std::getline(said, parents);
  for (Json& one : people) {
    for (const char* part : {"name", "email", "date"}) {
      std::string line;
      std::getline(said, line);
      one[part] = line;
    }
  }
  Json shown = {{"sha", sha},
                {"node_id", "C_" + sha},
                {"url", rest::api_url(repo, "/commits/" + sha)},
                {"html_url", rest::site_url(repo, "/commit/" + sha)},
                {"comments_url", rest::api_url(repo, "/commits/" + sha + "/comments")},
                {"commit",
                 {{"url", rest::api_url(repo, "/git/commits/" + sha)},
                  {"author", people[0]},
                  {"committer", people[1]},
                  {"message", std::string(std::istreambuf_iterator<char>(said), {})},
                  {"comment_count", 0},
                  {"tree", {{"sha", tree}, {"url", rest::api_url(repo, "/git/trees/" + tree)}}}}},
                {"author", nullptr},  // nobody's address is an account's
                {"committer", nullptr},
                {"parents", Json::array()}};
  std::istringstream each(parents);
  for (std::string parent; each >> parent;) {
    shown["parents"].push_back({{"sha", parent},
                                {"url", rest::api_url(repo, "/commits/" + parent)},
                                {"html_url", rest::site_url(repo, "/commit/" + parent)}});
  }
  return shown;
}

}  // namespace

void Forge::set_status(const std::string& repo, const std::string& sha, const std::string& context,
                       const std::string& state) {
  const std::lock_guard lock(mutex_);
  Json& statuses = writing().at(repo)["statuses"][sha];
  const Json made = {
      {"id", next_id_++}, {"context", context}, {"state", state}, {"updated_at", timestamp()}};
  for (Json& each : statuses) {
    if (each.at("context") == context) {
      each = made;
      return;
    }
  }
  statuses.push_back(made);
}

void Forge::set_check(const std::string& repo, const std::string& sha, const std::string& name,
                      const std::string& status, const std::string& conclusion,
                      const std::string& annotation) {
  const std::lock_guard lock(mutex_);
  Json& checks = writing().at(repo)["checks"][sha];
  std::erase_if(checks.is_null() ? (checks = Json::array()).get_ref<Json::array_t&>()
                                 : checks.get_ref<Json::array_t&>(),
                [&](const Json& each) { return each.at("name") == name; });
  checks.push_back({{"id", next_id_++},
                    {"name", name},
                    {"status", status},
                    {"conclusion", conclusion.empty() ? Json() : Json(conclusion)},
                    {"started_at", timestamp()},
                    {"completed_at", status == "completed" ? Json(timestamp()) : Json()},
                    {"annotation", annotation}});
}

Answer Forge::checks(const Request& request, const Place& place, const Json& repo) const {
  if (place.is({"actions", "runs"})) {
    const auto sha = request.query.find("head_sha");
    Json runs = Json::array();
    for (const auto& [commit, checks] : repo.at("checks").items()) {
      if (sha == request.query.end() || sha->second == commit) {
        runs.push_back(rest::workflow_run(place.repo, commit, checks));
      }
    }
    return json_answer(200, Json{{"total_count", runs.size()}, {"workflow_runs", runs}}.dump());
  }
  if (place.is({"check-runs", "*", "annotations"})) {
    return annotations(place, repo);
  }
  if (place.is({"compare", "*"})) {
    return compare(request, place);
  }
  const std::string& sha = place.rest[1];
  const Json runs = repo.at("checks").value(sha, Json::array());
  if (place.is({"commits", "*", "check-runs"})) {
    Json shown = Json::array();
    for (const Json& run : runs) {
      shown.push_back(rest::check_run(place.repo, sha, run));
    }
    return json_answer(200, Json{{"total_count", runs.size()}, {"check_runs", shown}}.dump());
  }
  if (place.is({"commits", "*", "check-suites"})) {
    Json suites = Json::array();
    if (!runs.empty()) {
      suites.push_back(rest::check_suite(place.repo, sha, runs));
    }
    return json_answer(200, Json{{"total_count", suites.size()}, {"check_suites", suites}}.dump());
  }
  if (!place.is({"commits", "*", "status"})) {
    return rest::not_found();
  }
  // Pending also where there is none at all, as the real one says it.
  const Json kept = repo.at("statuses").value(sha, Json::array());
  std::string state = kept.empty() ? "pending" : "success";
  Json statuses = Json::array();
  for (const Json& each : kept) {
    const std::string one = each.at("state");
    state = one == "failure" || one == "error"       ? "failure"
            : one == "pending" && state == "success" ? "pending"
                                                     : state;
    statuses.push_back(rest::status(place.repo, sha, each));
  }
  return json_answer(200, Json{{"state", state},
                               {"sha", sha},
                               {"statuses", statuses},
                               {"total_count", statuses.size()},
                               {"repository", rest::minimal_repository(place.repo)},
                               {"commit_url", rest::api_url(place.repo, "/commits/" + sha)},
                               {"url", rest::api_url(place.repo, "/commits/" + sha + "/status")}}
                              .dump());
}

Answer Forge::annotations(const Place& place, const Json& repo) const {
  for (const auto& [sha, runs] : repo.at("checks").items()) {
    for (const Json& run : runs) {
      if (run.at("id").dump() != place.rest[1]) {
        continue;
      }
      Json list = Json::array();
      if (run.at("annotation") != "") {
        list.push_back({{"path", "a.cc"},
                        {"start_line", 1},
                        {"end_line", 1},
                        {"start_column", nullptr},
                        {"end_column", nullptr},
                        {"annotation_level", "failure"},
                        {"title", nullptr},
                        {"message", run.at("annotation")},
                        {"raw_details", nullptr},
                        {"blob_href", rest::site_url(place.repo, "/blob/" + sha + "/a.cc")}});
      }
      return json_answer(200, list.dump());
    }
  }
  return rest::not_found();
}

Answer Forge::compare(const Request& request, const Place& place) const {
  const std::string folder = fmt::format("{}/{}.git", options_.git_root, place.repo);
  const auto git = [&](const std::vector<std::string>& words) {
    return git_in(folder, words, "forge");
  };
  const std::string& asked = place.rest[1];
  const std::size_t dots = asked.find("...");
  if (options_.git_root.empty() || dots == std::string::npos) {
    return rest::not_found();
  }
  const auto commit = [&](const std::string& name) {
    return git({"rev-parse", "--quiet", "--verify", "--end-of-options", name + "^{commit}"});
  };
  const std::string base = commit(asked.substr(0, dots));
  const std::string head = commit(asked.substr(dots + 3));
  const std::string common = base.empty() || head.empty() ? "" : git({"merge-base", base, head});
  if (common.empty()) {
    return rest::not_found();
  }
  const auto count = [&](const std::string& from, const std::string& to) {
    return std::stoi(git({"rev-list", "--count", from + ".." + to}));
  };
  const int ahead = count(base, head);
  const int behind = count(head, base);
  const auto size = request.query.find("per_page");
  std::istringstream list(git({"rev-list", "--reverse", base + ".." + head}));
  Json commits = Json::array();
  for (std::string sha; list >> sha;) {
    if (size == request.query.end() || commits.size() < std::stoul(size->second)) {
      commits.push_back(shown_commit(place.repo, folder, sha));
    }
  }
  const std::string site = rest::site_url(place.repo, "/compare/" + asked);
  return json_answer(200,
                     Json{{"url", rest::api_url(place.repo, "/compare/" + asked)},
                          {"html_url", site},
                          {"permalink_url",
                           rest::site_url(place.repo, fmt::format("/compare/{}...{}", base, head))},
                          {"diff_url", site + ".diff"},
                          {"patch_url", site + ".patch"},
                          {"base_commit", shown_commit(place.repo, folder, base)},
                          {"merge_base_commit", shown_commit(place.repo, folder, common)},
                          {"status", ahead == 0    ? (behind == 0 ? "identical" : "behind")
                                     : behind == 0 ? "ahead"
                                                   : "diverged"},
                          {"ahead_by", ahead},
                          {"behind_by", behind},
                          {"total_commits", ahead},
                          {"commits", commits}}
                         .dump());
}

}  // namespace stub

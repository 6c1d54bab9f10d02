// What GitHub shows of a commit's statuses and checks.
#include <algorithm>

#include <fmt/format.h>

#include "tests/stub/rest_shapes.h"

namespace stub::rest {

namespace {

constexpr std::int64_t kActions = 15368;  // GitHub's own number of its App
constexpr const char* kWorkflow = ".github/workflows/build.yml";

std::int64_t suite_of(const std::string& repo, const std::string& sha) {
  return id_of(repo + " suite " + sha);
}

/// Of a commit nothing is known here but its id; what is in it stands in the repository.
Json bare_commit(const std::string& sha) {
  return {{"id", sha},         {"tree_id", sha},
          {"message", ""},     {"timestamp", "2026-10-01T10:00:00Z"},
          {"author", nullptr}, {"committer", nullptr}};
}

/// Status and conclusion of all the runs together.
std::pair<std::string, Json> together(const Json& runs) {
  Json conclusion = "success";
  for (const Json& run : runs) {
    if (run.at("status") != "completed") {
      return {"in_progress", nullptr};
    }
    conclusion = run.at("conclusion") == "success" ? conclusion : run.at("conclusion");
  }
  return {"completed", conclusion};
}

}  // namespace

Json status(const std::string& repo, const std::string& sha, const Json& kept) {
  Json shown = kept;
  shown["node_id"] = fmt::format("SC_{}", kept.at("id").get<std::int64_t>());
  shown["url"] = api_url(repo, "/statuses/" + sha);
  shown["avatar_url"] = nullptr;
  shown["created_at"] = kept.at("updated_at");
  for (const char* said : {"description", "target_url"}) {
    shown.emplace(said, nullptr);
  }
  return shown;
}

Json status_made(const std::string& repo, const std::string& sha, const Json& kept) {
  Json shown = status(repo, sha, kept);
  shown["creator"] = user(person("somebody"));
  return shown;
}

Json check_run(const std::string& repo, const std::string& sha, const Json& kept) {
  Json shown = kept;
  const std::string id = kept.at("id").dump();
  const std::string url = api_url(repo, "/check-runs/" + id);
  const bool noted = !kept.at("annotation").get<std::string>().empty();
  shown.erase("annotation");
  shown["node_id"] = "CR_" + id;
  shown["head_sha"] = sha;
  shown["external_id"] = "";
  shown["url"] = url;
  shown["html_url"] = shown["details_url"] = site_url(repo, "/runs/" + id);
  shown["output"] = {{"title", nullptr},
                     {"summary", nullptr},
                     {"text", nullptr},
                     {"annotations_count", noted ? 1 : 0},
                     {"annotations_url", url + "/annotations"}};
  shown["check_suite"] = {{"id", suite_of(repo, sha)}};
  shown["app"] = app(kActions, "github-actions");
  shown["pull_requests"] = Json::array();
  return shown;
}

Json check_suite(const std::string& repo, const std::string& sha, const Json& runs) {
  const auto [status, conclusion] = together(runs);
  const std::int64_t id = suite_of(repo, sha);
  const std::string url = api_url(repo, fmt::format("/check-suites/{}", id));
  return {{"id", id},
          {"node_id", fmt::format("CS_{}", id)},
          {"head_branch", nullptr},
          {"head_sha", sha},
          {"status", status},
          {"conclusion", conclusion},
          {"url", url},
          {"before", nullptr},
          {"after", sha},
          {"pull_requests", Json::array()},
          {"app", app(kActions, "github-actions")},
          {"repository", minimal_repository(repo)},
          {"created_at", runs.front().at("started_at")},
          {"updated_at", runs.back().at("started_at")},
          {"head_commit", bare_commit(sha)},
          {"latest_check_runs_count", runs.size()},
          {"check_runs_url", url + "/check-runs"}};
}

Json workflow_run(const std::string& repo, const std::string& sha, const Json& runs) {
  const auto [status, conclusion] = together(runs);
  const std::int64_t suite = suite_of(repo, sha);
  const std::int64_t id = id_of(repo + " run " + sha);
  const std::int64_t workflow = id_of(repo + kWorkflow);
  const std::string path = fmt::format("/actions/runs/{}", id);
  Json shown = {{"id", id},
                {"node_id", fmt::format("WFR_{}", id)},
                {"name", "build"},
                {"display_title", "build"},
                {"head_branch", nullptr},
                {"head_sha", sha},
                {"path", kWorkflow},
                {"run_number", 1},
                {"event", "push"},
                {"status", status},
                {"conclusion", conclusion},
                {"workflow_id", workflow},
                {"check_suite_id", suite},
                {"url", api_url(repo, path)},
                {"html_url", site_url(repo, path)},
                {"pull_requests", Json::array()},
                {"created_at", runs.front().at("started_at")},
                {"updated_at", runs.back().at("started_at")},
                {"check_suite_url", api_url(repo, fmt::format("/check-suites/{}", suite))},
                {"workflow_url", api_url(repo, fmt::format("/actions/workflows/{}", workflow))},
                {"head_commit", bare_commit(sha)},
                {"repository", minimal_repository(repo)},
                {"head_repository", minimal_repository(repo)}};
  for (const char* what : {"jobs", "logs", "artifacts", "cancel", "rerun"}) {
    shown[what + std::string("_url")] = api_url(repo, path + "/" + what);
  }
  return shown;
}

}  // namespace stub::rest

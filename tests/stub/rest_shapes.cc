#include "tests/stub/rest_shapes.h"

#include <functional>

#include <fmt/format.h>

namespace stub::rest {

namespace {

constexpr const char* kWhen = "2026-10-01T10:00:00Z";

std::string owner_of(const std::string& repo) {
  return repo.substr(0, repo.find('/'));
}

/// For machines only; the letters say what it is of.
std::string node_id(const char* kind, std::int64_t id) {
  return fmt::format("{}_{}", kind, id);
}

}  // namespace

Answer not_found() {
  return json_answer(404, R"({"message":"Not Found","status":"404"})");
}

std::int64_t id_of(const std::string& name) {
  return static_cast<std::int64_t>(std::hash<std::string>{}(name) % 1'000'000);
}

std::string api_url(const std::string& repo, const std::string& what) {
  return "https://api.github.com/repos/" + repo + what;
}

std::string site_url(const std::string& repo, const std::string& what) {
  return "https://github.com/" + repo + what;
}

Json person(const std::string& login) {
  return {{"login", login},
          {"id", id_of(login)},
          {"type", login.ends_with("-bot") || login.ends_with("[bot]") ? "Bot" : "User"}};
}

Json user(const Json& person) {
  if (!person.is_object()) {
    return nullptr;
  }
  Json shown = person;
  const std::string login = person.at("login");
  const std::string url = "https://api.github.com/users/" + login;
  shown["node_id"] = node_id("U", person.at("id").get<std::int64_t>());
  shown["avatar_url"] = "https://avatars.githubusercontent.com/u/" + person.at("id").dump();
  shown["gravatar_id"] = "";
  shown["url"] = url;
  shown["html_url"] = "https://github.com/" + login;
  for (const char* list :
       {"followers", "subscriptions", "organizations", "repos", "received_events"}) {
    const std::string name = list == std::string("organizations") ? "orgs" : list;
    shown[list + std::string("_url")] = url + "/" + name;
  }
  shown["following_url"] = url + "/following{/other_user}";
  shown["gists_url"] = url + "/gists{/gist_id}";
  shown["starred_url"] = url + "/starred{/owner}{/repo}";
  shown["events_url"] = url + "/events{/privacy}";
  shown["site_admin"] = false;
  return shown;
}

Json own_user(const std::string& login) {
  // What a token without the scope "user" sees.
  Json shown = user(person(login));
  for (const char* unknown :
       {"name", "company", "blog", "location", "email", "hireable", "bio", "twitter_username"}) {
    shown[unknown] = nullptr;
  }
  for (const char* count : {"public_repos", "public_gists", "followers", "following"}) {
    shown[count] = 0;
  }
  shown["created_at"] = shown["updated_at"] = kWhen;
  shown["user_view_type"] = "public";
  return shown;
}

Json app(std::int64_t id, const std::string& slug) {
  return {{"id", id},
          {"slug", slug},
          {"node_id", node_id("A", id)},
          {"owner", user(person("github"))},
          {"name", slug},
          {"description", ""},
          {"external_url", "https://example.com"},
          {"html_url", "https://github.com/apps/" + slug},
          {"created_at", kWhen},
          {"updated_at", kWhen},
          {"permissions", {{"checks", "write"}, {"metadata", "read"}}},
          {"events", Json::array()}};
}

Json minimal_repository(const std::string& repo) {
  Json shown = {{"id", id_of(repo)},
                {"node_id", node_id("R", id_of(repo))},
                {"name", repo.substr(repo.find('/') + 1)},
                {"full_name", repo},
                {"owner", user(person(owner_of(repo)))},
                {"private", false},
                {"html_url", site_url(repo)},
                {"description", nullptr},
                {"fork", false},
                {"url", api_url(repo)}};
  constexpr std::pair<const char*, const char*> kAddresses[] = {
      {"archive_url", "/{archive_format}{/ref}"},
      {"assignees_url", "/assignees{/user}"},
      {"blobs_url", "/git/blobs{/sha}"},
      {"branches_url", "/branches{/branch}"},
      {"collaborators_url", "/collaborators{/collaborator}"},
      {"comments_url", "/comments{/number}"},
      {"commits_url", "/commits{/sha}"},
      {"compare_url", "/compare/{base}...{head}"},
      {"contents_url", "/contents/{+path}"},
      {"contributors_url", "/contributors"},
      {"deployments_url", "/deployments"},
      {"downloads_url", "/downloads"},
      {"events_url", "/events"},
      {"forks_url", "/forks"},
      {"git_commits_url", "/git/commits{/sha}"},
      {"git_refs_url", "/git/refs{/sha}"},
      {"git_tags_url", "/git/tags{/sha}"},
      {"hooks_url", "/hooks"},
      {"issue_comment_url", "/issues/comments{/number}"},
      {"issue_events_url", "/issues/events{/number}"},
      {"issues_url", "/issues{/number}"},
      {"keys_url", "/keys{/key_id}"},
      {"labels_url", "/labels{/name}"},
      {"languages_url", "/languages"},
      {"merges_url", "/merges"},
      {"milestones_url", "/milestones{/number}"},
      {"notifications_url", "/notifications{?since,all,participating}"},
      {"pulls_url", "/pulls{/number}"},
      {"releases_url", "/releases{/id}"},
      {"stargazers_url", "/stargazers"},
      {"statuses_url", "/statuses/{sha}"},
      {"subscribers_url", "/subscribers"},
      {"subscription_url", "/subscription"},
      {"tags_url", "/tags"},
      {"teams_url", "/teams"},
      {"trees_url", "/git/trees{/sha}"}};
  for (const auto& [name, path] : kAddresses) {
    shown[name] = api_url(repo, path);
  }
  return shown;
}

Json repository(const std::string& repo) {
  Json shown = minimal_repository(repo);
  shown["git_url"] = "git://github.com/" + repo + ".git";
  shown["ssh_url"] = "git@github.com:" + repo + ".git";
  shown["clone_url"] = site_url(repo, ".git");
  shown["svn_url"] = site_url(repo);
  for (const char* unknown : {"license", "mirror_url", "homepage", "language"}) {
    shown[unknown] = nullptr;
  }
  for (const char* count : {"forks", "forks_count", "stargazers_count", "watchers",
                            "watchers_count", "size", "open_issues", "open_issues_count"}) {
    shown[count] = 0;
  }
  for (const char* has : {"has_projects", "has_wiki", "has_pages", "has_downloads",
                          "has_discussions", "archived", "disabled"}) {
    shown[has] = false;
  }
  shown["has_issues"] = true;
  shown["default_branch"] = "main";
  shown["pushed_at"] = shown["created_at"] = shown["updated_at"] = kWhen;
  return shown;
}

Json full_repository(const std::string& repo) {
  Json shown = repository(repo);
  shown["subscribers_count"] = shown["network_count"] = 0;
  return shown;
}

Json label(const std::string& repo, const Json& kept) {
  const std::string name = kept.at("name");
  const std::int64_t id = kept.value("id", id_of(repo + " " + name));
  return {{"id", id},
          {"node_id", node_id("LA", id)},
          {"url", api_url(repo, "/labels/" + name)},
          {"name", name},
          {"color", kept.at("color")},
          {"description", kept.value("description", Json())},
          {"default", false}};
}

Json labels(const std::string& repo, const Json& kept) {
  Json shown = Json::array();
  for (const Json& each : kept) {
    shown.push_back(label(repo, each));
  }
  return shown;
}

Json issue(const std::string& repo, const Json& kept, std::size_t comments) {
  Json shown = kept;
  const std::string path = "/issues/" + kept.at("number").dump();
  shown["node_id"] = node_id("I", kept.at("id").get<std::int64_t>());
  shown["url"] = api_url(repo, path);
  shown["repository_url"] = api_url(repo);
  shown["labels_url"] = api_url(repo, path + "/labels{/name}");
  shown["comments_url"] = api_url(repo, path + "/comments");
  shown["events_url"] = api_url(repo, path + "/events");
  shown["timeline_url"] = api_url(repo, path + "/timeline");
  shown["html_url"] = site_url(repo, path);
  shown["user"] = user(kept.at("user"));
  shown["labels"] = labels(repo, kept.at("labels"));
  shown["assignee"] = shown["milestone"] = shown["active_lock_reason"] = nullptr;
  shown["assignees"] = Json::array();
  shown["locked"] = false;
  shown["comments"] = comments;
  return shown;
}

Json comment(const std::string& repo, const std::string& number, const Json& kept) {
  Json shown = kept;
  const std::string id = kept.at("id").dump();
  shown["node_id"] = node_id("IC", kept.at("id").get<std::int64_t>());
  shown["url"] = api_url(repo, "/issues/comments/" + id);
  shown["html_url"] = site_url(repo, fmt::format("/issues/{}#issuecomment-{}", number, id));
  shown["issue_url"] = api_url(repo, "/issues/" + number);
  shown["user"] = user(kept.at("user"));
  return shown;
}

Json event(const std::string& repo, const Json& kept) {
  Json shown = kept;
  shown["node_id"] = node_id("LE", kept.at("id").get<std::int64_t>());
  shown["url"] = api_url(repo, "/issues/events/" + kept.at("id").dump());
  shown["commit_url"] = nullptr;
  shown["actor"] = user(kept.at("actor"));
  return shown;
}

void complete_pull(const std::string& repo, Json& pull) {
  const std::string number = pull.at("number").dump();
  const std::string self = api_url(repo, "/pulls/" + number);
  const std::string issue = api_url(repo, "/issues/" + number);
  const std::string head = pull.at("head").at("sha");
  pull["id"] = pull.at("number");
  pull["node_id"] = node_id("PR", pull.at("number").get<std::int64_t>());
  pull["url"] = self;
  pull["html_url"] = site_url(repo, "/pull/" + number);
  pull["diff_url"] = site_url(repo, "/pull/" + number + ".diff");
  pull["patch_url"] = site_url(repo, "/pull/" + number + ".patch");
  pull["issue_url"] = issue;
  pull["commits_url"] = self + "/commits";
  pull["review_comments_url"] = self + "/comments";
  pull["review_comment_url"] = api_url(repo, "/pulls/comments{/number}");
  pull["comments_url"] = issue + "/comments";
  pull["statuses_url"] = api_url(repo, "/statuses/" + head);
  pull["user"] = user(person(pull.at("user").at("login")));
  for (const char* side : {"head", "base"}) {
    const std::string of = pull.at(side).at("repo").at("full_name");
    pull[side]["repo"] = repository(of);
    pull[side]["user"] = user(person(owner_of(of)));
  }
  for (const char* nothing : {"milestone", "assignee", "active_lock_reason", "auto_merge"}) {
    pull[nothing] = nullptr;
  }
  for (const char* list : {"labels", "assignees", "requested_reviewers", "requested_teams"}) {
    pull[list] = Json::array();
  }
  pull["locked"] = false;
  pull["author_association"] = "COLLABORATOR";
  pull["created_at"] = pull["updated_at"] = kWhen;
  pull["closed_at"] = pull.at("state") == "open" ? Json() : Json(kWhen);
  pull["_links"] = Json::object();
  for (const auto& [name, key] : {std::pair("self", "url"),
                                  {"html", "html_url"},
                                  {"issue", "issue_url"},
                                  {"comments", "comments_url"},
                                  {"review_comments", "review_comments_url"},
                                  {"review_comment", "review_comment_url"},
                                  {"commits", "commits_url"},
                                  {"statuses", "statuses_url"}}) {
    pull["_links"][name] = {{"href", pull.at(key)}};
  }
}

}  // namespace stub::rest

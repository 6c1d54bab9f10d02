// How a workspace is asked. Sources: https://developers.plane.so/api-reference/introduction (pages,
// limits), and of the server (github.com/makeplane/plane, apps/api): plane/api/urls (addresses),
// plane/utils/paginator.py (cursors), plane/api/views/member.py (members come unpaged).
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "runner/forge/fields.h"
#include "runner/trackers/plane_parts.h"

namespace runner::trackers::plane {

using jobs::ErrorKind;
using jobs::Permission;
using jobs::RepoName;
using nlohmann::json;

namespace {

constexpr std::string_view kPage = "100";  ///< more is refused
/// More entries than people make: whoever makes them on purpose shall not use up our requests.
constexpr std::size_t kMostPagesOfHistory = 20;

/// Where the next page is; "" behind the last one.
std::string next_cursor(const json& page) {
  return forge::flag(page, "next_page_results") ? forge::text(page, "next_cursor") : std::string();
}

}  // namespace

std::string Server::noun() {
  const std::lock_guard lock(mutex_);
  return old_nouns_ ? "issues" : "work-items";
}

std::string Server::path_in(const Project& project, std::vector<std::string_view> rest) const {
  std::vector<std::string_view> parts{"workspaces", options_.workspace, "projects", project.id};
  parts.insert(parts.end(), rest.begin(), rest.end());
  // Without the slash at its end the server answers with a redirect, which is not followed.
  return forge::path_of(parts) + "/";
}

std::string Server::path_of_item(const Project& project, std::string_view id,
                                 std::vector<std::string_view> rest) {
  const std::string word = noun();
  std::vector<std::string_view> parts{word, id};
  parts.insert(parts.end(), rest.begin(), rest.end());
  return path_in(project, parts);
}

jobs::Result<json> Server::one(const std::string& path) {
  RUNNER_ASSIGN(const forge::Reply reply, api_.get(path));
  return forge::parsed(reply);
}

jobs::Status Server::each(const std::string& path, const Query& query,
                          const std::function<bool(json&)>& visit, std::size_t most_pages) {
  std::set<std::string> seen;
  std::string cursor;
  do {
    Query asked = query;
    asked.emplace_back("per_page", kPage);
    if (!cursor.empty()) {
      asked.emplace_back("cursor", cursor);
    }
    RUNNER_ASSIGN(const forge::Reply reply, api_.get(path + forge::query_of(asked)));
    RUNNER_ASSIGN(json page, forge::parsed(reply));
    json* results = page.is_object() && page.contains("results") ? &page["results"] : &page;
    if (!results->is_array()) {
      return jobs::fail(ErrorKind::transient, "the server's answer makes no sense: it is no list",
                        "if this stays: the url of the tracker is not that of the API");
    }
    for (json& one : *results) {
      if (!visit(one)) {
        return jobs::ok();
      }
    }
    cursor = next_cursor(page);
    if (!cursor.empty() && (!seen.insert(cursor).second || seen.size() >= most_pages)) {
      return jobs::fail(
          ErrorKind::transient,
          fmt::format("{}{} has more than {} pages, or they go round in a circle", api_.shown(),
                      path, most_pages),
          "of work items: archive what is finished; of one item's history: make a new item");
    }
  } while (!cursor.empty());
  return jobs::ok();
}

jobs::Result<std::vector<json>> Server::list(const std::string& path, const Query& query) {
  std::vector<json> all;
  RUNNER_TRY(each(path, query, [&](json& one) {
    all.push_back(std::move(one));
    return true;
  }));
  return all;
}

jobs::Result<std::vector<json>> Server::activities(const Project& project, std::string_view id) {
  std::vector<json> all;
  RUNNER_TRY(each(
      path_of_item(project, id, {"activities"}),
      {{"fields", "id,field,actor,created_at,epoch,old_identifier,new_identifier"}},
      [&](json& one) {
        const std::string field = forge::text(one, "field");
        if (field == "state" || field == "name" || field == "description") {
          one.erase("old_value");
          one.erase("new_value");
          all.push_back(std::move(one));
        }
        return true;
      },
      kMostPagesOfHistory));
  return all;
}

jobs::Result<std::vector<Project>> Server::projects() {
  {
    const std::lock_guard lock(mutex_);
    if (projects_) {
      return *projects_;
    }
  }
  const std::array<std::string_view, 3> parts{"workspaces", options_.workspace, "projects"};
  auto found = list(forge::path_of(parts) + "/");
  if (!found) {
    return std::move(found)
        .while_doing(
            fmt::format("looking for the projects of the workspace {}", options_.workspace))
        .error();
  }
  std::vector<Project> projects;
  for (const json& one : *found) {
    projects.push_back(
        {.id = forge::text(one, "id"), .identifier = forge::text(one, "identifier")});
  }
  std::erase_if(projects, [](const Project& one) { return one.id.empty(); });
  const std::lock_guard lock(mutex_);
  projects_ = projects;
  return projects;
}

jobs::Result<Project> Server::project(const RepoName& repo) {
  const auto place = options_.project(repo);
  if (!place) {
    return jobs::fail(ErrorKind::not_found,
                      fmt::format("{} is no repository of this tracker", repo.str()));
  }
  RUNNER_ASSIGN(const std::vector<Project> all, projects());
  std::string names;
  for (const Project& one : all) {
    if (one.id == *place || jobs::same_but_for_case(one.identifier, *place)) {
      return one;
    }
    names += (names.empty() ? "" : ", ") + jobs::one_line(one.identifier, 20);
  }
  return jobs::fail(
      ErrorKind::not_found,
      fmt::format("the workspace {} has no project {} that the token may see; it sees {}",
                  options_.workspace, jobs::one_line(*place, 60), names.empty() ? "none" : names),
      fmt::format("write `tracker_path = \"IDENTIFIER\"` into the [[repo]] {}, and make the "
                  "token's account a member of that project",
                  repo.str()));
}

jobs::Result<std::optional<Project>> Server::project_by_id(std::string_view id) {
  RUNNER_ASSIGN(const std::vector<Project> all, projects());
  const auto found = std::ranges::find(all, id, &Project::id);
  return found == all.end() ? std::nullopt : std::optional(*found);
}

jobs::Result<std::shared_ptr<const States>> Server::states(const Project& project) {
  return learn(project, options_.states, states_);
}

jobs::Result<std::shared_ptr<const States>> Server::states_of_other(const Project& project) {
  return learn(project, {}, others_);
}

jobs::Result<std::shared_ptr<const States>> Server::learn(
    const Project& project, const std::map<std::string, std::string>& names, Known& known) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known.find(project.id); found != known.end()) {
      return found->second;
    }
  }
  auto found = list(path_in(project, {"states"}));
  if (!found) {
    return std::move(found)
        .while_doing(fmt::format("looking for the states of the project {}", project.identifier))
        .error();
  }
  // An id that strays in from elsewhere means nothing here.
  std::erase_if(*found, [&](const json& state) {
    const std::string home = forge::text(state, "project");
    return !home.empty() && home != project.id;
  });
  RUNNER_ASSIGN(States states, States::resolved(*found, names, project.identifier));
  auto kept = std::make_shared<const States>(std::move(states));
  const std::lock_guard lock(mutex_);
  known[project.id] = kept;
  return kept;
}

jobs::Result<std::string> Server::own_id() {
  {
    const std::lock_guard lock(mutex_);
    if (own_) {
      return *own_;
    }
  }
  auto user = one("/users/me/");
  if (!user) {
    return std::move(user).while_doing("asking whose the token is").error();
  }
  std::string id = forge::text(*user, "id");
  if (id.empty()) {
    return jobs::fail(ErrorKind::transient, "the server does not say whose the token is");
  }
  const std::lock_guard lock(mutex_);
  own_ = id;
  return id;
}

jobs::Result<Member> Server::member(const Project& project, const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = members_.find(project.id); known != members_.end()) {
      const auto found = known->second.find(id);
      if (found != known->second.end() && found->second.permission >= Permission::write) {
        return found->second;
      }
    }
  }
  RUNNER_ASSIGN(const std::vector<json> found, list(path_in(project, {"members"})));
  std::map<std::string, Member> members;
  for (const json& object : found) {
    Member member = member_of(object);
    const std::string key = member.id;
    members.emplace(key, std::move(member));
  }
  Member answer{.id = id, .email = {}, .permission = Permission::none};
  if (const auto at = members.find(id); at != members.end()) {
    answer = at->second;
  }
  const std::lock_guard lock(mutex_);
  members_[project.id] = std::move(members);
  return answer;
}

std::string Server::name_of(const Project& project, const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = members_.find(project.id); known != members_.end()) {
      const auto found = known->second.find(id);
      return found == known->second.end() || found->second.email.empty() ? id : found->second.email;
    }
  }
  const auto asked = member(project, id);
  return asked && !asked->email.empty() ? asked->email : id;
}

jobs::Result<std::vector<json>> Server::items(const Project& project) {
  // Texts are most of an item, and most items are not asked about.
  const Query query{{"fields", "id,sequence_id,name,state,priority,project"}};
  auto found = list(path_in(project, {noun()}), query);
  if (found || found.error().kind != ErrorKind::not_found || noun() == "issues") {
    return found;
  }
  auto old = list(path_in(project, {"issues"}), query);
  if (!old) {
    return found.error();
  }
  const std::lock_guard lock(mutex_);
  old_nouns_ = true;
  return old;
}

jobs::Result<json> Server::item(const Project& project, jobs::IssueNumber number) {
  const auto asked = [&](const std::string& word) {
    const std::string name = fmt::format("{}-{}", project.identifier, number);
    const std::array<std::string_view, 4> parts{"workspaces", options_.workspace, word, name};
    return one(forge::path_of(parts) + "/");
  };
  auto found = asked(noun());
  if (!found && found.error().kind == ErrorKind::not_found && noun() != "issues") {
    // It is not there, or the server is older than that word.
    if (auto old = asked("issues")) {
      const std::lock_guard lock(mutex_);
      old_nouns_ = true;
      found = std::move(old);
    }
  }
  if (!found) {
    return found;
  }
  const bool same = forge::number(*found, "sequence_id") == number &&
                    forge::text(*found, "project") == project.id &&
                    !forge::text(*found, "id").empty();
  return same ? std::move(found)
              : jobs::fail(ErrorKind::transient,
                           fmt::format("the server was asked for {}-{} and told of something else",
                                       project.identifier, number));
}

}  // namespace runner::trackers::plane

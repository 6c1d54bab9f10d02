// What has to be finished before an item may start. Relations: plane/api/views/issue.py of the
// server (github.com/makeplane/plane, apps/api): lists by kind, of {"project_id", "issue_id"}.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/forge/fields.h"
#include "runner/trackers/plane_parts.h"

namespace runner::trackers::plane {

using jobs::Blocker;
using jobs::ErrorKind;
using jobs::Issue;
using jobs::IssueNumber;
using nlohmann::json;

namespace {

/// Whether it is closed says the group of its state, in its own project.
void judge(Server& server, const Project& project, const json& item, Blocker& blocker) {
  blocker.detail.clear();
  const auto states = server.states_of_other(project);
  if (!states) {
    blocker.detail = states.error().message;
    return;
  }
  const State* state = (*states)->by_id(forge::text(item, "state"));
  if (state == nullptr || state->group == State::Group::unknown) {
    blocker.detail = "the server does not say whether it is finished";
    return;
  }
  blocker.state =
      state->group == State::Group::closed ? Blocker::State::closed : Blocker::State::open;
}

Blocker related(Server& server, const Place& place, const std::string& home,
                const std::string& id) {
  Blocker blocker{.reference = "a work item of another project",
                  .state = Blocker::State::unreadable,
                  .detail = "the token may not read it"};
  const auto project = server.project_by_id(home);
  if (!project || !*project || id.empty()) {
    blocker.detail = project ? blocker.detail : project.error().message;
    return blocker;
  }
  const auto item = server.one(server.path_of_item(**project, id, {}));
  if (!item) {
    blocker.detail = item.error().message;
    return blocker;
  }
  const std::int64_t number = forge::number(*item, "sequence_id");
  blocker.reference = home == place.project.id
                          ? fmt::format("#{}", number)
                          : fmt::format("{}-{}", (*project)->identifier, number);
  judge(server, **project, *item, blocker);
  return blocker;
}

/// What Plane itself says blocks it, in whichever project. Servers whose API has no relations
/// answer "not found".
void fill_relations(Server& server, const Place& place, const std::string& id, Issue& issue) {
  const auto found = server.one(server.path_of_item(place.project, id, {"relations"}));
  if (!found) {
    if (found.error().kind != ErrorKind::not_found) {
      issue.blockers.push_back({.reference = "its relations",
                                .state = Blocker::State::unreadable,
                                .detail = found.error().message});
    }
    return;
  }
  const json* blocked_by = forge::field(*found, "blocked_by");
  if (blocked_by == nullptr || !blocked_by->is_array()) {
    issue.blockers.push_back({.reference = "its relations",
                              .state = Blocker::State::unreadable,
                              .detail = "the server does not say what blocks it"});
    return;
  }
  for (const json& one : *blocked_by) {
    // Older servers give only the id.
    const std::string other =
        one.is_string() ? one.get<std::string>() : forge::text(one, "issue_id");
    const std::string home = one.is_string() ? place.project.id : forge::text(one, "project_id");
    issue.blockers.push_back(related(server, place, home, other));
  }
}

IssueNumber number_in(const std::string& digits) {
  constexpr std::size_t kLongest = 18;
  const bool plain = !digits.empty() && digits.size() <= kLongest &&
                     digits.find_first_not_of("0123456789") == std::string::npos;
  return plain ? std::stoll(digits) : 0;
}

void fill_references(Server& server, const Place& place, Issue& issue) {
  for (const std::string& written : jobs::blocked_by_references(issue.body)) {
    const std::size_t sign = written.rfind('#');
    Blocker blocker{.reference = written, .state = Blocker::State::unreadable, .detail = {}};
    const auto project = sign == 0 ? jobs::Result<Project>(place.project)
                                   : server.project(jobs::RepoName(written.substr(0, sign)));
    if (project && project->id == place.project.id) {
      blocker.reference = written.substr(sign);
    }
    if (std::ranges::find(issue.blockers, blocker.reference, &Blocker::reference) !=
        issue.blockers.end()) {
      continue;
    }
    const auto item = project ? server.item(*project, number_in(written.substr(sign + 1)))
                              : jobs::Result<json>(project.error());
    if (item) {
      judge(server, *project, *item, blocker);
    } else {
      blocker.detail = item.error().message;
    }
    issue.blockers.push_back(std::move(blocker));
  }
}

}  // namespace

void fill_blockers(Server& server, const Place& place, const std::string& id, Issue& issue) {
  fill_relations(server, place, id, issue);
  fill_references(server, place, issue);
}

}  // namespace runner::trackers::plane

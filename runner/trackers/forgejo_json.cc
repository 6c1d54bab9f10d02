// What the JSON of Forgejo and Gitea means. Source: Swagger of Forgejo 16; the words of a timeline
// and of a hidden blocker are those of the servers themselves.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "runner/forge/fields.h"
#include "runner/trackers/forgejo_parts.h"

namespace runner::trackers::forgejo {

using jobs::Blocker;
using jobs::Permission;
using nlohmann::json;

namespace {

/// Deleted accounts and the servers' own programs have ids below 1: Ghost -1, Actions -2.
constexpr std::int64_t kGhost = -1;

std::optional<int> priority_in(std::string_view label) {
  for (const std::string_view word : {"priority", "prio", "p"}) {
    if (label.size() <= word.size() ||
        !jobs::same_but_for_case(label.substr(0, word.size()), word)) {
      continue;
    }
    std::string_view rest = label.substr(word.size());
    const auto first = rest.find_first_not_of("-:/ _");
    rest.remove_prefix(std::min(first, rest.size()));
    if (rest.size() == 1 && rest.front() >= '0' && rest.front() <= '9') {
      return rest.front() - '0';
    }
  }
  return std::nullopt;
}

}  // namespace

std::string owner_of(std::string_view place) {
  return std::string(place.substr(0, place.find('/')));
}

std::optional<int> priority_of(const std::vector<std::string>& labels) {
  std::optional<int> lowest;
  for (const std::string& label : labels) {
    if (const auto one = priority_in(label); one && (!lowest || *one < *lowest)) {
      lowest = one;
    }
  }
  return lowest;
}

jobs::Issue issue_of(const json& object, const jobs::RepoName& repo) {
  jobs::Issue issue;
  issue.key.repo = repo;
  if (forge::field(object, "pull_request") == nullptr) {
    issue.key.number = std::max<std::int64_t>(forge::number(object, "number"), 0);
  }
  issue.title = forge::text(object, "title");
  issue.body = forge::text(object, "body");
  issue.author = forge::text(object, "user.login");
  // Anything but a plain "open" is not open: nothing is started on a guess.
  issue.open = forge::text(object, "state") == "open";
  if (const json* labels = forge::field(object, "labels");
      labels != nullptr && labels->is_array()) {
    for (const json& label : *labels) {
      issue.labels.push_back(forge::text(label, "name"));
    }
  }
  issue.priority = priority_of(issue.labels);
  issue.url = forge::text(object, "html_url");
  return issue;
}

jobs::LabelActor label_actor(const std::vector<json>& timeline, std::string_view label,
                             const std::vector<std::string>& own) {
  const json* newest = nullptr;
  for (const json& entry : timeline) {
    if (forge::text(entry, "type") == "label" && forge::text(entry, "label.name") == label &&
        (newest == nullptr || forge::number(entry, "id") >= forge::number(*newest, "id"))) {
      newest = &entry;
    }
  }
  jobs::LabelActor actor;
  if (newest == nullptr || forge::text(*newest, "body") != "1") {
    return actor;
  }
  actor.at = forge::time(*newest, "created_at");
  const std::int64_t id = forge::number(*newest, "user.id");
  if (id == kGhost || forge::field(*newest, "user") == nullptr) {
    actor.note = "the account was deleted";
    return actor;
  }
  actor.login = forge::text(*newest, "user.login");
  actor.is_bot = id < 0 || std::ranges::any_of(
                               own,
                               [&](const std::string& login) {
                                 return jobs::same_but_for_case(login, actor.login);
                               });
  return actor;
}

Permission permission_of(std::string_view word) {
  if (word == "admin" || word == "owner") {
    return Permission::admin;
  }
  for (const Permission one : {Permission::none, Permission::read, Permission::write}) {
    if (to_string(one) == word) {
      return one;
    }
  }
  return Permission::unknown;
}

Blocker blocker_of(const json& object, std::string_view place) {
  Blocker blocker;
  const std::int64_t number = forge::number(object, "number");
  const std::string repo = forge::text(object, "repository.full_name");
  if (number <= 0 || repo.empty()) {
    blocker.reference = "an issue that is hidden";
    blocker.detail = "the token may not read it";
    return blocker;
  }
  blocker.reference = fmt::format("{}#{}", repo == place ? "" : repo, number);
  const std::string state = forge::text(object, "state");
  if (state == "open" || state == "closed") {
    blocker.state = state == "open" ? Blocker::State::open : Blocker::State::closed;
  } else {
    blocker.detail = fmt::format("its state is \"{}\"", jobs::one_line(state, 40));
  }
  return blocker;
}

}  // namespace runner::trackers::forgejo

// Who released an issue. The "labeled" event has an actor and performed_via_github_app, and no
// author_association (https://docs.github.com/en/rest/using-the-rest-api/issue-event-types).
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "runner/trackers/github_parts.h"

namespace runner::trackers::github {

using jobs::Permission;

namespace {

using Json = nlohmann::json;

jobs::LabelActor actor_of(const Json& event, const std::string& own) {
  jobs::LabelActor actor;
  actor.at = time_at(event, "created_at");
  const Json& who = at(event, "actor");
  actor.login = text_at(who, "login");
  const Json& app = at(event, "performed_via_github_app");
  if (actor.login.empty()) {
    actor.note = "the account that set the label does not exist any more";
  } else if (jobs::same_but_for_case(without_bot(actor.login), without_bot(own))) {
    actor.is_bot = true;
    actor.note = "the runner's own account";
  } else if (!app.is_null()) {
    actor.is_bot = true;
    const std::string name = text_at(app, "slug");
    actor.note =
        fmt::format("the App {} did it", name.empty() ? "of somebody" : jobs::one_line(name));
  } else if (text_at(who, "type") == "Bot" || actor.login.ends_with("[bot]")) {
    actor.is_bot = true;
    actor.note = "a bot";
  }
  return actor;
}

Permission permission_in(const Json& answer) {
  const std::string permission = text_at(answer, "permission");
  const std::string role = text_at(answer, "role_name");
  if (permission == "admin") {
    return Permission::admin;
  }
  if (permission == "write") {
    return Permission::write;
  }
  if (permission == "read") {
    return role == "triage" ? Permission::triage : Permission::read;
  }
  return permission == "none" ? Permission::none : Permission::unknown;
}

}  // namespace

std::string without_bot(std::string_view login) {
  constexpr std::string_view kBot = "[bot]";
  return std::string(login.ends_with(kBot) ? login.substr(0, login.size() - kBot.size()) : login);
}

jobs::LabelActor label_actor(const Json& events, const std::string& ready, const std::string& own) {
  // Ids of events grow; times have only seconds.
  std::vector<const Json*> about;
  for (const Json& event : events) {
    const std::string kind = text_at(event, "event");
    if ((kind == "labeled" || kind == "unlabeled") &&
        jobs::same_but_for_case(text_at(at(event, "label"), "name"), ready)) {
      about.push_back(&event);
    }
  }
  const auto newest = std::ranges::max_element(
      about, {}, [](const Json* event) { return number_at(*event, "id"); });
  if (newest == about.end() || text_at(**newest, "event") == "unlabeled") {
    jobs::LabelActor nobody;
    nobody.note = "no event says who set the label";
    return nobody;
  }
  return actor_of(**newest, own);
}

const Edit* edit_that_matters(const std::vector<Edit>& edits,
                              const std::optional<jobs::TimePoint>& label_at,
                              const std::map<std::string, Permission>& permissions) {
  const auto may = [&](const Edit& edit) {
    const auto known = permissions.find(edit.login);
    return known != permissions.end() && known->second >= Permission::write;
  };
  const Edit* found = nullptr;
  for (const Edit& edit : edits) {
    if (label_at && edit.at <= *label_at) {
      continue;
    }
    const bool matters_more = found == nullptr || (may(*found) && !may(edit)) ||
                              (may(*found) == may(edit) && edit.at > found->at);
    if (matters_more) {
      found = &edit;
    }
  }
  return found;
}

std::map<std::pair<Place, std::string>, People::Answer> People::ask(
    std::span<const std::pair<Place, std::string>> whom) {
  std::map<std::pair<Place, std::string>, Answer> answers;
  std::vector<std::pair<Place, std::string>> unknown;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& one : whom) {
      if (const auto known = known_.find(one); known != known_.end()) {
        answers.insert(*known);
      } else if (answers.try_emplace(one).second) {
        unknown.push_back(one);
      }
    }
  }
  std::vector<std::string> paths;
  for (const auto& [place, login] : unknown) {
    paths.push_back(place.path({"collaborators", login, "permission"}));
  }
  const auto replies = api_.get(paths);
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    Answer answer;
    if (replies[i]) {
      answer.permission = permission_in(parsed(replies[i]->body));
    } else if (replies[i].error().kind == jobs::ErrorKind::not_found) {
      answer.permission = Permission::none;
    } else {
      answer.problem = replies[i].error().text();
    }
    answers[unknown[i]] = answer;
    if (answer.problem.empty()) {
      known_[unknown[i]] = answer;
    }
  }
  return answers;
}

jobs::Result<std::string> People::own_login() {
  {
    const std::lock_guard lock(mutex_);
    if (own_) {
      return *own_;
    }
  }
  std::string login;
  const auto user = api_.get(std::string("/user"));
  if (user) {
    login = text_at(parsed(user->body), "login");
  } else if (user.error().kind == jobs::ErrorKind::denied) {
    // The token of an App's installation is nobody's; only GraphQL says whose it is.
    const std::string body = R"({"query":"query{viewer{login}}"})";
    auto viewer = std::move(api_.query(std::span(&body, 1)).front());
    if (!viewer) {
      return std::move(viewer).while_doing("asking who the credential is").error();
    }
    login = text_at(at(at(parsed(viewer->body), "data"), "viewer"), "login");
  } else {
    return user.error().while_doing("asking who the credential is");
  }
  if (login.empty()) {
    return jobs::fail(jobs::ErrorKind::transient, "the forge does not say who the credential is");
  }
  const std::lock_guard lock(mutex_);
  own_ = login;
  return *own_;
}

}  // namespace runner::trackers::github

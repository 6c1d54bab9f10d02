// Which server this is, who we are on it, and what people may do there.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "runner/forge/fields.h"
#include "runner/forge/pages.h"
#include "runner/trackers/forgejo_parts.h"

namespace runner::trackers::forgejo {

using jobs::ErrorKind;
using jobs::Permission;
using nlohmann::json;

namespace {

/// "https://forge.example/api/v1" -> "https://forge.example".
std::string web_root(std::string_view shown) {
  constexpr std::string_view kApi = "/api/v1";
  return std::string(shown.ends_with(kApi) ? shown.substr(0, shown.size() - kApi.size()) : shown);
}

}  // namespace

std::string path_in(std::string_view place, std::vector<std::string_view> rest) {
  const std::size_t slash = std::min(place.find('/'), place.size());
  std::vector<std::string_view> parts{"repos", place.substr(0, slash),
                                      place.substr(std::min(place.size(), slash + 1))};
  parts.insert(parts.end(), rest.begin(), rest.end());
  return forge::path_of(parts);
}

std::string Server::kind() {
  {
    const std::lock_guard lock(mutex_);
    if (kind_) {
      return *kind_;
    }
  }
  // Only Forgejo has the first; both have the second, where Forgejo names the Gitea it came from.
  const auto replies = api_.get(
      std::array{web_root(api_.shown()) + "/api/forgejo/v1/version", std::string("/version")});
  std::string said = "the server";
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const auto reply = replies[i] ? forge::parsed(*replies[i]) : replies[i].error();
    const std::string version = reply ? forge::text(*reply, "version") : std::string();
    if (!version.empty()) {
      const bool forgejo = i == 0 || version.find("+gitea-") != std::string::npos;
      said = fmt::format("{} {}", forgejo ? "Forgejo" : "Gitea",
                         jobs::one_line(version.substr(0, version.find('+')), 40));
      break;
    }
  }
  const std::lock_guard lock(mutex_);
  kind_ = said;
  return said;
}

std::int64_t Server::most_of_page() {
  {
    const std::lock_guard lock(mutex_);
    if (most_of_page_) {
      return *most_of_page_;
    }
  }
  const auto settings = one("/settings/api");
  const std::int64_t most =
      settings ? std::max<std::int64_t>(forge::number(*settings, "max_response_items"), 0) : 0;
  const std::lock_guard lock(mutex_);
  most_of_page_ = most;
  return most;
}

jobs::Result<json> Server::one(const std::string& path) {
  RUNNER_ASSIGN(const forge::Reply reply, api_.get(path));
  return forge::parsed(reply);
}

jobs::Result<std::vector<json>> Server::list(const std::string& path) {
  return forge::numbered_pages(api_,
                               {.path = path, .most_of_server = [this] { return most_of_page(); }});
}

jobs::Result<std::vector<json>> Server::unnumbered(const std::string& path) {
  RUNNER_ASSIGN(const std::vector<forge::Reply> pages, api_.get_all(path));
  std::vector<json> all;
  for (const forge::Reply& page : pages) {
    RUNNER_ASSIGN(std::vector<json> some, forge::elements(page, ""));
    std::ranges::move(some, std::back_inserter(all));
  }
  return all;
}

jobs::Result<std::string> Server::own_login() {
  {
    const std::lock_guard lock(mutex_);
    if (login_) {
      return *login_;
    }
  }
  const auto user = one("/user");
  if (!user) {
    jobs::Error error = user.error();
    return error.kind == ErrorKind::denied
               ? std::move(error).with_hint(
                     "give the token the scope read:user: without it the "
                     "runner does not know which comments are its own")
               : error;
  }
  std::string login = forge::text(*user, "login");
  if (login.empty()) {
    return jobs::fail(ErrorKind::transient, "the server does not say whose token this is");
  }
  const std::lock_guard lock(mutex_);
  login_ = login;
  return login;
}

std::vector<std::string> Server::own_logins() {
  std::vector<std::string> logins{bot_};
  if (auto login = own_login()) {
    logins.push_back(*std::move(login));
  }
  return logins;
}

Server::Answer Server::permission(const std::string& place, const std::string& login) {
  const std::pair key{place, login};
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = permissions_.find(key); known != permissions_.end()) {
      return known->second;
    }
  }
  Answer answer;
  const auto said = one(path_in(place, {"collaborators", login, "permission"}));
  if (said) {
    const std::string word = forge::text(*said, "permission");
    answer.permission = permission_of(word);
    if (answer.permission == Permission::unknown) {
      answer.problem = fmt::format("the permission \"{}\" is not known", jobs::one_line(word, 40));
    }
  } else if (said.error().kind == ErrorKind::not_found) {
    answer.permission = Permission::none;  // no such account any more
  } else if (said.error().kind == ErrorKind::denied) {
    answer = without_admin(place, login);
  } else {
    answer.problem = said.error().message;
  }
  if (answer.permission >= Permission::write) {
    const std::lock_guard lock(mutex_);
    permissions_[key] = answer;
  }
  return answer;
}

/// Only an administrator of the repository may ask for permissions. Without that right: the owner
/// of a personal repository is known by name, and whom its issues may be assigned to may write.
/// Assignees of an organisation's repository may be members of teams that only read.
Server::Answer Server::without_admin(const std::string& place, const std::string& login) {
  const std::string owner = owner_of(place);
  const auto organisation = one(forge::path_of(std::array<std::string_view, 2>{"orgs", owner}));
  if (!organisation && organisation.error().kind == ErrorKind::not_found) {
    if (owner == login) {
      return {.permission = Permission::admin, .problem = {}};
    }
    if (const auto assignees = unnumbered(path_in(place, {"assignees"}))) {
      const bool may = std::ranges::any_of(
          *assignees, [&](const json& one) { return forge::text(one, "login") == login; });
      return {.permission = may ? Permission::write : Permission::read, .problem = {}};
    }
  }
  return {
      .permission = Permission::unknown,
      .problem = fmt::format("the token's account is no administrator of {}, so that it may not "
                             "ask what {} may do; make it one, or name {} as trusted",
                             place, jobs::one_line(login, 60), jobs::one_line(login, 60))};
}

jobs::Error Server::explained(jobs::Error error, const std::string& place) {
  if (error.kind != ErrorKind::not_found) {
    return error;
  }
  const auto repo = one(path_in(place, {}));
  if (!repo) {
    return repo.error().kind == ErrorKind::not_found
               ? std::move(error).with_hint(fmt::format(
                     "{} has no repository {} that the token may see: was it renamed or moved?",
                     kind(), place))
               : error;
  }
  const json* issues = forge::field(*repo, "has_issues");
  if (issues != nullptr && *issues == false) {
    return jobs::fail(ErrorKind::denied, fmt::format("issues are turned off in {}", place),
                      "turn them on in the repository's settings, or take it out of the manifest");
  }
  if (const std::string name = forge::text(*repo, "full_name"); !name.empty() && name != place) {
    return jobs::fail(ErrorKind::not_found,
                      fmt::format("{} is called {} now", place, jobs::one_line(name)),
                      "write its new name into the manifest");
  }
  return error;
}

}  // namespace runner::trackers::forgejo

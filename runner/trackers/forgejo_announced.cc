#include "runner/trackers/forgejo_announced.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "runner/forge/fields.h"
#include "runner/forge/pages.h"

namespace runner::trackers::forgejo {

using nlohmann::json;

namespace {

/// Fewer repositories are asked one by one with as few requests.
constexpr std::size_t kWorthIt = 5;
/// Of one search. A server leaves a filter out whose labels it has nowhere, and then the search
/// finds every issue of the owner.
constexpr std::size_t kMostPages = 40;

bool is_true(const json& object, const char* key) {
  const json* value = forge::field(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

/// Those in which issues can be worked on. `has_issues` and `archived` are of the server's own
/// description of a repository.
std::optional<std::set<std::string>> accessible(Server& server) {
  const auto repos = server.list("/user/repos");
  if (!repos) {
    return std::nullopt;
  }
  std::set<std::string> names;
  for (const json& repo : *repos) {
    if (is_true(repo, "has_issues") && !is_true(repo, "archived")) {
      names.insert(jobs::ascii_lower(forge::text(repo, "full_name")));
    }
  }
  return names;
}

/// "labels: issues that have any of these" (the server's Swagger, /repos/issues/search).
std::string search_path(const std::string& owner, const jobs::Labels& labels) {
  using Part = std::pair<std::string_view, std::string_view>;
  const std::string wanted = labels.ready + "," + labels.in_progress;
  return "/repos/issues/search" +
         forge::query_of(std::array{Part{"state", "open"}, Part{"type", "issues"},
                                    Part{"labels", wanted}, Part{"owner", owner}});
}

}  // namespace

Announced::Announced() = default;

Announced::~Announced() = default;

void Announced::read(Server& server, const std::vector<std::string>& places,
                     const jobs::Labels& labels) {
  std::map<std::string, std::vector<json>> issues;
  std::set<std::string> owners;
  // A comma separates the names in a search, and cannot be written in one.
  const bool plain = (labels.ready + labels.in_progress).find(',') == std::string::npos;
  if (places.size() >= kWorthIt && plain) {
    if (const auto names = accessible(server)) {
      for (const std::string& place : places) {
        if (names->contains(jobs::ascii_lower(place))) {
          issues[jobs::ascii_lower(place)];
          owners.insert(jobs::ascii_lower(owner_of(place)));
        }
      }
    }
  }
  for (const std::string& owner : owners) {
    auto found = forge::numbered_pages(
        server.api(), {.path = search_path(owner, labels),
                       .most_of_server = [&server] { return server.most_of_page(); },
                       .most_pages = kMostPages});
    if (!found) {
      std::erase_if(issues, [&](const auto& each) { return owner_of(each.first) == owner; });
      continue;
    }
    for (json& issue : *found) {
      const auto repo = issues.find(jobs::ascii_lower(forge::text(issue, "repository.full_name")));
      if (repo != issues.end()) {
        repo->second.push_back(std::move(issue));
      }
    }
  }
  const std::lock_guard lock(mutex_);
  issues_ = std::move(issues);
  told_.clear();
}

std::optional<std::vector<json>> Announced::take(const std::string& place,
                                                 const std::string& label) {
  const std::lock_guard lock(mutex_);
  const auto found = issues_.find(jobs::ascii_lower(place));
  if (found == issues_.end() || !told_.emplace(found->first, label).second) {
    return std::nullopt;
  }
  return found->second;
}

}  // namespace runner::trackers::forgejo

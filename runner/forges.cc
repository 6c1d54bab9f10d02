#include "runner/forges.h"

#include <set>
#include <thread>

#include <fmt/format.h>

#include "runner/forge/app_credential.h"

namespace runner {

namespace {

/// The repositories that a tracker is asked about: "owner/name" each.
std::set<std::string> repositories(const jobs::Fleet& fleet, const std::string& tracker) {
  std::set<std::string> names;
  for (const jobs::Repo& repo : fleet.repos) {
    if (repo.tracker == tracker) {
      names.insert(repo.tracker_path.empty() ? repo.name.str() : repo.tracker_path);
    }
  }
  return names;
}

}  // namespace

std::map<std::string, std::string> forge_roots(const jobs::Fleet& fleet) {
  std::map<std::string, std::string> roots;
  for (const auto& [name, config] : fleet.ci) {
    if (config.kind == jobs::CiKind::woodpecker) {
      roots["ci." + name] = config.url + "/api";
    }
  }
  constexpr std::string_view kApi = "/api/v1";
  for (const auto& [name, config] : fleet.trackers) {
    switch (config.kind) {
      case jobs::TrackerKind::local: break;
      case jobs::TrackerKind::github:
        roots[name] = forge::github_api_options(config.url).root;
        break;
      case jobs::TrackerKind::forgejo:
      case jobs::TrackerKind::plane:
        roots[name] = config.url + std::string(config.url.ends_with(kApi) ? "" : kApi);
    }
  }
  return roots;
}

Forges::Forges(const jobs::Fleet& fleet, const http::Environment& environment, jobs::Clock& clock,
               jobs::HttpCache* cache)
    : fleet_(fleet),
      client_(http::make_client()),
      traffic_(clock, [](jobs::Duration wait) { std::this_thread::sleep_for(wait); }) {
  const auto roots = forge_roots(fleet);
  for (const auto& [name, config] : fleet.ci) {
    if (config.kind == jobs::CiKind::woodpecker) {
      add("ci." + name, config.token, {.root = roots.at("ci." + name)}, environment, cache);
    }
  }
  for (const auto& [name, config] : fleet.trackers) {
    if (config.kind == jobs::TrackerKind::forgejo || config.kind == jobs::TrackerKind::plane) {
      forge::ApiOptions options{.root = roots.at(name)};
      if (config.kind == jobs::TrackerKind::plane) {
        // https://developers.plane.so/api-reference/introduction, "Authentication"
        options.token_header = "X-API-Key";
      }
      add(name, config.token, std::move(options), environment, cache);
    }
    if (config.kind != jobs::TrackerKind::github) {
      continue;
    }
    Forge& made = forges_[name];
    const forge::ApiOptions options = forge::github_api_options(config.url);
    if (config.app) {
      made.credential = forge::make_app_credential(
          *config.app, options, {*client_, traffic_, environment, repositories(fleet, name)});
    } else if (config.token) {
      made.credential = std::make_unique<forge::TokenCredential>(*config.token, environment);
    } else {
      made.credential = std::make_unique<forge::NoCredential>();
    }
    made.api = forge::make_api(options, {*client_, *made.credential, traffic_, cache});
  }
}

void Forges::add(const std::string& name, const std::optional<jobs::SecretRef>& token,
                 forge::ApiOptions options, const http::Environment& environment,
                 jobs::HttpCache* cache) {
  Forge& made = forges_[name];
  if (token) {
    made.credential = std::make_unique<forge::TokenCredential>(*token, environment);
  } else {
    made.credential = std::make_unique<forge::NoCredential>();
  }
  made.api = forge::make_api(std::move(options), {*client_, *made.credential, traffic_, cache});
}

jobs::Result<forge::Api*> Forges::of(const jobs::CiConfig& ci) const {
  std::string name = ci.kind == jobs::CiKind::woodpecker ? "ci." + ci.name : ci.tracker;
  if (name.empty()) {
    // That of the repositories which use it; where these differ the manifest has to say.
    for (const jobs::Repo& repo : fleet_.repos) {
      if (repo.ci == ci.name && !name.empty() && name != repo.tracker) {
        return jobs::fail(jobs::ErrorKind::invalid_manifest,
                          fmt::format("[ci.{}] is used by repositories of the trackers {} and {}",
                                      ci.name, name, repo.tracker),
                          "declare one [ci.X] for each, with its tracker");
      }
      name = repo.ci == ci.name ? repo.tracker : name;
    }
  }
  forge::Api* api = of(name);
  return api != nullptr ? jobs::Result<forge::Api*>(api)
                        : jobs::fail(jobs::ErrorKind::not_found,
                                     fmt::format("[ci.{}] has no forge to ask", ci.name));
}

std::string place_on_forge(const jobs::Fleet& fleet, const jobs::Repo& repo) {
  const auto tracker = fleet.trackers.find(repo.tracker);
  const bool elsewhere = tracker == fleet.trackers.end() ||
                         tracker->second.kind == jobs::TrackerKind::local ||
                         tracker->second.kind == jobs::TrackerKind::plane;
  return elsewhere || repo.tracker_path.empty() ? repo.name.str() : repo.tracker_path;
}

forge::Api* Forges::of(const std::string& tracker) const {
  const auto found = forges_.find(tracker);
  return found == forges_.end() ? nullptr : found->second.api.get();
}

jobs::Result<worktrees::Credential> Forges::for_git(const jobs::Repo& repo) const {
  const auto found = forges_.find(repo.tracker);
  const auto tracker = fleet_.trackers.find(repo.tracker);
  const bool no_host =
      tracker != fleet_.trackers.end() && tracker->second.kind == jobs::TrackerKind::plane;
  if (found == forges_.end() || no_host) {
    return jobs::fail(jobs::ErrorKind::denied,
                      fmt::format("tracker {} has no credential that git can use", repo.tracker),
                      "set remote_token_env or remote_token_file in place of remote_as_tracker");
  }
  RUNNER_ASSIGN(std::string token, found->second.credential->token());
  // The name that GitHub documents for it; any does.
  return worktrees::Credential{.user = "x-access-token",
                               .secret = std::move(token),
                               .origin = found->second.credential->shown()};
}

}  // namespace runner

#include "runner/git_credentials.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace runner {

namespace {

using Answer = jobs::Result<std::optional<worktrees::Credential>>;

/// Any user does for GitHub and Forgejo, which look at the token alone; this is the name that
/// GitHub documents for it.
constexpr const char* kUsualUser = "x-access-token";

/// "https://git.example.org:3000" of "https://git.example.org:3000/api/v1".
std::string origin_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  return scheme == std::string::npos ? "" : url.substr(0, url.find('/', scheme + 3));
}

Answer as_tracker(const jobs::Repo& repo, const std::string& api,
                  const TrackerCredential& of_tracker) {
  if (!of_tracker) {
    return jobs::fail(jobs::ErrorKind::denied,
                      fmt::format("tracker {} has no credential that git can use",
                                  jobs::one_line(repo.tracker, 80)),
                      "set remote_token_env or remote_token_file in place of remote_as_tracker");
  }
  if (!same_forge(api, repo.remote)) {
    return jobs::fail(
        jobs::ErrorKind::denied,
        fmt::format("tracker {} is on another host than the remote, which is not told its "
                    "credential",
                    jobs::one_line(repo.tracker, 80)),
        "set remote_token_env or remote_token_file in place of remote_as_tracker");
  }
  RUNNER_ASSIGN(worktrees::Credential credential, of_tracker(repo));
  if (credential.origin.empty()) {
    credential.origin = fmt::format("of tracker {}", repo.tracker);
  }
  return std::optional(std::move(credential));
}

}  // namespace

worktrees::CredentialSource git_credentials(const jobs::Fleet& fleet, http::Environment environment,
                                            TrackerCredential of_tracker) {
  std::map<std::string, std::string> addresses;
  for (const auto& [name, tracker] : fleet.trackers) {
    addresses[name] = tracker.url;
  }
  return [addresses = std::move(addresses), environment = std::move(environment),
          of_tracker = std::move(of_tracker)](const jobs::Repo& repo,
                                              const std::string& /*url*/) -> Answer {
    if (repo.auth.as_tracker) {
      const auto found = addresses.find(repo.tracker);
      return as_tracker(repo, found == addresses.end() ? "" : found->second, of_tracker);
    }
    if (!repo.auth.token) {
      return std::optional<worktrees::Credential>();
    }
    RUNNER_ASSIGN(std::string secret, http::read_secret(*repo.auth.token, environment));
    return std::optional(
        worktrees::Credential{.user = repo.auth.user.empty() ? kUsualUser : repo.auth.user,
                              .secret = std::move(secret),
                              .origin = http::shown_secret(*repo.auth.token)});
  };
}

bool same_forge(const std::string& api, const std::string& remote) {
  const std::string there = origin_of(api);
  return !there.empty() &&
         (there == origin_of(remote) ||
          (there == "https://api.github.com" && origin_of(remote) == "https://github.com"));
}

}  // namespace runner

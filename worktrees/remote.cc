#include "worktrees/remote.h"

#include <string>
#include <vector>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/local_push.h"
#include "worktrees/mirror.h"
#include "worktrees/quarantine.h"
#include "worktrees/remote_session.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;

jobs::Result<Remote> make_remote(git_repository* repository, const std::string& url) {
  git_remote_create_options options = GIT_REMOTE_CREATE_OPTIONS_INIT;
  options.repository = repository;
  options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
  Remote remote;
  if (const int code = git_remote_create_with_opts(into(remote), url.c_str(), &options); code < 0) {
    return git_failure(code, fmt::format("cannot use the remote {}", shown_url(url)));
  }
  return remote;
}

bool is_race(const std::string& refusal) {
  for (const std::string_view words : {"fetch first", "non-fast-forward", "failed to update ref",
                                       "cannot lock ref", "failed to lock", "stale info"}) {
    if (refusal.find(words) != std::string::npos) {
      return true;
    }
  }
  return false;
}

jobs::Error lost_race(const std::string& branch, const std::string& url) {
  return jobs::fail(
      ErrorKind::transient,
      fmt::format("lost a race: branch {} of {} moved while we pushed", branch, shown_url(url)),
      "fetch, merge and verify again");
}

jobs::Status connect(git_remote* remote, RemoteSession& session, const std::string& what) {
  git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;
  options.callbacks = session.callbacks();
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  const int code = git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &options);
  return code < 0 ? jobs::Status(session.failure(code, what)) : jobs::ok();
}

/// Of a remote that is connected.
jobs::Result<std::map<std::string, jobs::Oid>> branches_of(git_remote* remote,
                                                           RemoteSession& session,
                                                           const std::string& url) {
  const git_remote_head** heads = nullptr;
  size_t count = 0;
  if (const int code = git_remote_ls(&heads, &count, remote); code < 0) {
    return session.failure(code, fmt::format("cannot list the branches of {}", shown_url(url)));
  }
  std::map<std::string, jobs::Oid> branches;
  constexpr std::string_view kPrefix = "refs/heads/";
  for (size_t i = 0; i < count; ++i) {
    const std::string_view name = heads[i]->name;
    if (name.starts_with(kPrefix)) {
      branches.emplace(name.substr(kPrefix.size()), to_oid(heads[i]->oid));
    }
  }
  return branches;
}

}  // namespace

jobs::Result<std::map<std::string, jobs::Oid>> list_branches(const RemoteAccess& access) {
  RUNNER_POINT(observe_remote);
  start_libgit2();
  RemoteSession session(access);
  const std::string reaching = fmt::format("cannot reach the remote {}", shown_url(access.url));
  RUNNER_TRY(session.check(reaching));
  RUNNER_ASSIGN(const Remote remote, make_remote(nullptr, access.url));
  RUNNER_TRY(connect(remote.get(), session, reaching));
  auto branches = branches_of(remote.get(), session, access.url);
  git_remote_disconnect(remote.get());
  return branches;
}

jobs::Result<jobs::Oid> find_base(const std::map<std::string, jobs::Oid>& branches,
                                  const std::string& base, std::string_view url) {
  if (const auto found = branches.find(base); found != branches.end()) {
    return found->second;
  }
  if (branches.empty()) {
    return jobs::fail(ErrorKind::not_found,
                      fmt::format("the remote has no branches: {} is empty", shown_url(url)),
                      fmt::format("push a first commit to {}", base));
  }
  std::vector<std::string> names;
  std::string listed;
  for (const auto& [name, oid] : branches) {
    names.push_back(name);
    if (names.size() <= 10) {
      listed += (listed.empty() ? "" : ", ") + jobs::one_line(name, 60);
    }
  }
  if (names.size() > 10) {
    listed += fmt::format(" and {} more", names.size() - 10);
  }
  const std::string meant = jobs::did_you_mean(base, names);
  return jobs::fail(ErrorKind::not_found,
                    fmt::format("{} has no branch '{}'; it has: {}", shown_url(url),
                                jobs::one_line(base, 60), listed),
                    meant.empty() ? std::string("set 'base' of the repository to one of them")
                                  : fmt::format("did you mean '{}'?", jobs::one_line(meant, 60)));
}

jobs::Status fetch_branches(git_repository* mirror, const RemoteAccess& access) {
  RUNNER_POINT(fetch_before);
  RemoteSession session(access);
  const std::string fetching = fmt::format("cannot fetch from {}", shown_url(access.url));
  RUNNER_TRY(session.check(fetching));
  RUNNER_ASSIGN(const Remote remote, make_remote(mirror, access.url));
  RUNNER_TRY(connect(remote.get(), session, fetching));
  RUNNER_ASSIGN(const auto branches, branches_of(remote.get(), session, access.url));
  // libgit2 prunes behind what it makes.
  RUNNER_TRY(let_go_of_others(mirror, branches));
  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  options.callbacks = session.callbacks();
  options.prune = GIT_FETCH_NO_PRUNE;
  options.update_fetchhead = 0;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  std::string spec = "+refs/heads/*:refs/remotes/origin/*";  // Fetching follows a rewritten remote;
                                                             // pushing never rewrites.
  char* specs[] = {spec.data()};
  const git_strarray wanted{specs, 1};
  RUNNER_ASSIGN(Quarantine quarantine, Quarantine::begin(mirror));
  if (const int code = git_remote_download(remote.get(), &wanted, &options); code < 0) {
    return session.failure(code, fetching);
  }
  RUNNER_TRY(quarantine.admit(fmt::format("fetching from {}", shown_url(access.url))));
  RUNNER_TRY(follow_branches(mirror, branches));
  RUNNER_POINT(fetch_after);
  return jobs::ok();
}

jobs::Result<PushResult> push_commit(git_repository* mirror, const RemoteAccess& access,
                                     const std::string& branch, const jobs::Oid& expected,
                                     const jobs::Oid& commit) {
  if (const auto path = local_path(access.url)) {
    return push_to_path(mirror, *path, branch, expected, commit);
  }
  RemoteSession session(access);
  session.expect(expected.empty() ? jobs::Oid(std::string(GIT_OID_HEXSZ, '0')) : expected, commit);
  const std::string pushing = fmt::format("cannot push to {}", shown_url(access.url));
  RUNNER_TRY(session.check(pushing));
  RUNNER_ASSIGN(const git_oid id, parse_oid(commit));
  // libgit2 pushes references, not commits, so the landing commit gets one of its own for the time.
  const std::string source = fmt::format("refs/runner/landing/{}", commit.str());
  Reference reference;
  if (const int code =
          git_reference_create(into(reference), mirror, source.c_str(), &id, 1, nullptr);
      code < 0) {
    return git_failure(code, fmt::format("cannot name the commit {} for a push", commit.str()));
  }
  RUNNER_ASSIGN(const Remote remote, make_remote(mirror, access.url));
  git_push_options options = GIT_PUSH_OPTIONS_INIT;
  options.callbacks = session.callbacks();
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  std::string spec = fmt::format("{}:refs/heads/{}", source, branch);
  char* specs[] = {spec.data()};
  const git_strarray wanted{specs, 1};
  const int code = git_remote_push(remote.get(), &wanted, &options);
  const jobs::Error failure = code < 0 ? session.failure(code, pushing) : jobs::Error{};
  git_reference_delete(reference.get());
  const std::string refusal = session.refusal();
  if (session.lost_race() || code == GIT_ENONFASTFORWARD || is_race(session.status())) {
    return lost_race(branch, access.url);
  }
  if (!refusal.empty()) {
    return PushResult{false, refusal};
  }
  if (code < 0) {
    return failure;
  }
  return PushResult{true, {}};
}

std::optional<std::string> local_path(std::string_view url) {
  if (url.starts_with('/')) {
    return std::string(url);
  }
  constexpr std::string_view kFile = "file://";
  if (url.starts_with(kFile) && url.substr(kFile.size()).starts_with('/')) {
    return std::string(url.substr(kFile.size()));
  }
  return std::nullopt;
}

std::string origin_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) {
    return {};
  }
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    host.remove_prefix(at + 1);
  }
  return fmt::format("{}://{}", url.substr(0, scheme), host);
}

std::string shown_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    const std::size_t end = url.find('/', scheme + 3);
    const std::size_t at = url.substr(0, end).rfind('@');
    if (at != std::string_view::npos && at > scheme) {
      return jobs::one_line(fmt::format("{}{}", url.substr(0, scheme + 3), url.substr(at + 1)),
                            200);
    }
  }
  return jobs::one_line(url, 200);
}

}  // namespace worktrees

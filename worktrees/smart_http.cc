#include "worktrees/smart_http.h"

#include <bit>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include <fmt/core.h>
#include <git2/odb_backend.h>

#include "jobs/base/crash_point.h"
#include "worktrees/access_errors.h"
#include "worktrees/git_error.h"
#include "worktrees/git_handles.h"
#include "worktrees/mirror.h"
#include "worktrees/pack_watch.h"
#include "worktrees/quarantine.h"
#include "worktrees/web.h"
#include "worktrees/wire/fetch.h"
#include "worktrees/wire/ls_refs.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;
using jobs::Oid;

constexpr jobs::Duration kAskPatience = std::chrono::seconds(30);
constexpr jobs::Duration kFetchPatience = std::chrono::minutes(30);
constexpr std::size_t kMostHaves = 256;
constexpr unsigned kMostBehind = 256;
constexpr std::size_t kMostNames = 64U << 20U;  ///< bytes; some 800,000 branches

/// What `access.url` answers to a POST for git-upload-pack; nothing if it is no URL for it.
class UploadPack {
 public:
  explicit UploadPack(const RemoteAccess& access) : access_(access) {}

  /// Nothing: the server cannot be asked this way.
  [[nodiscard]] jobs::Result<std::optional<WebAnswer>> post(WebRequest request) {
    const bool http = access_.url.starts_with("http://") || access_.url.starts_with("https://");
    const std::string origin = origin_of(access_.url);
    // A user in the URL is libgit2's to handle.
    if (access_.web == nullptr || !http || !access_.url.starts_with(origin)) {
      return std::nullopt;
    }
    request.url = access_.url.substr(0, access_.url.find_last_not_of('/') + 1) + "/git-upload-pack";
    request.headers = {{"Content-Type", "application/x-git-upload-pack-request"},
                       {"Accept", "application/x-git-upload-pack-result"},
                       {"Git-Protocol", "version=2"}};
    const bool known = access_.guarded != nullptr && access_.guarded->contains(origin);
    if (known && access_.credentials) {
      RUNNER_ASSIGN(request.credential, access_.credentials());
    }
    RUNNER_ASSIGN(WebAnswer answer, send(request));
    if (answer.status == 401 && !request.credential && access_.credentials) {
      RUNNER_ASSIGN(request.credential, access_.credentials());
      if (request.credential) {
        RUNNER_ASSIGN(answer, send(request));
        if (answer.status < 300 && access_.guarded != nullptr) {
          access_.guarded->add(origin);
        }
      }
    }
    return judged(std::move(answer), request.credential);
  }

 private:
  [[nodiscard]] jobs::Result<WebAnswer> send(const WebRequest& request) const {
    auto answer = access_.web->post(request);
    if (!answer) {
      return std::move(answer)
          .error()
          .while_doing(fmt::format("reaching the remote {}", shown_url(access_.url)))
          .with_hint("check that the remote exists and can be reached");
    }
    return answer;
  }

  [[nodiscard]] jobs::Error failure(ErrorKind kind, long status, const char* hint) const {
    return jobs::fail(kind,
                      fmt::format("cannot reach the remote {}: the server answered {}",
                                  shown_url(access_.url), status),
                      hint);
  }

  [[nodiscard]] jobs::Result<std::optional<WebAnswer>> judged(
      WebAnswer answer, const std::optional<Credential>& credential) const {
    const std::string reaching = fmt::format("cannot reach the remote {}", shown_url(access_.url));
    switch (const long status = answer.status; status) {
      case 200:
        if (answer.content_type == "application/x-git-upload-pack-result") {
          return answer;
        }
        return std::nullopt;  // Files of a repository, or a page for people.
      case 401:
        return credential ? credential_refused(reaching, *credential) : nobody_known(reaching);
      case 403: return access_forbidden(reaching, credential);
      case 301:
      case 302:
      case 303:
      case 307:
      case 308:
        // Not followed: whoever it leads to would be asked for the credential of this host.
        return failure(ErrorKind::denied, status, "write the final URL into the manifest");
      case 404:
      case 408:
      case 410:
      case 429:
        return failure(ErrorKind::transient, status,
                       "check that the remote exists and can be reached");
      default:
        if (status >= 500 && status != 501) {
          return failure(ErrorKind::transient, status, "the server has to be looked at");
        }
        return std::nullopt;
    }
  }

  const RemoteAccess& access_;
};

int on_progress(const git_indexer_progress* progress, void* watch) noexcept {
  try {
    return static_cast<PackWatch*>(watch)->goes_on(*progress) ? 0 : GIT_EUSER;
  } catch (const std::exception& error) {
    git_error_set_str(GIT_ERROR_CALLBACK, error.what());
    return GIT_EUSER;
  }
}

/// A pack on its way into the mirror. Indexed as it comes, every object hashed; nothing of it is to
/// be seen before it is whole.
class IncomingPack {
 public:
  explicit IncomingPack(std::string remote) : remote_(std::move(remote)) {}
  IncomingPack(const IncomingPack&) = delete;
  IncomingPack& operator=(const IncomingPack&) = delete;
  ~IncomingPack() {
    if (pack_ != nullptr) {
      pack_->free(pack_);
    }
  }

  [[nodiscard]] jobs::Status open(git_repository* mirror) {
    int code = git_repository_odb(into(odb_), mirror);
    code = code < 0 ? code : git_odb_write_pack(&pack_, odb_.get(), on_progress, &watch_);
    return code < 0 ? failed(code) : jobs::ok();
  }
  [[nodiscard]] jobs::Status append(std::string_view bytes) {
    if (bytes.empty()) {
      return jobs::ok();  // A sign of life.
    }
    const int code = pack_->append(pack_, bytes.data(), bytes.size(), &progress_);
    return code < 0 ? failed(code) : jobs::ok();
  }
  [[nodiscard]] jobs::Status commit() {
    const int code = pack_->commit(pack_, &progress_);
    return code < 0 ? failed(code) : jobs::ok();
  }

 private:
  [[nodiscard]] jobs::Status failed(int code) const {
    jobs::Error error = git_failure(code, fmt::format("cannot fetch from {}", remote_));
    // Damage on its way is no damage here.
    error.kind = error.kind == ErrorKind::corrupt ? ErrorKind::transient : error.kind;
    return error;
  }

  std::string remote_;
  PackWatch watch_;
  Odb odb_;
  git_odb_writepack* pack_ = nullptr;
  git_indexer_progress progress_{};
};

/// A head that the mirror has, and some of what is behind it: where a branch was rewritten, its
/// head is gone from the remote and an ancestor is not.
jobs::Status add_line(git_repository* mirror, const Oid& head, std::vector<Oid>& haves) {
  RUNNER_ASSIGN(const git_oid id, parse_oid(head));
  Commit commit;
  if (git_commit_lookup(into(commit), mirror, &id) < 0) {
    return jobs::ok();  // Lost: the server must not leave it out.
  }
  haves.push_back(head);
  for (unsigned behind = 1; behind <= kMostBehind; ++behind) {
    Commit parent;
    if (git_commit_parent(into(parent), commit.get(), 0) < 0) {
      break;
    }
    commit = std::move(parent);
    if (std::has_single_bit(behind)) {
      haves.push_back(to_oid(*git_commit_id(commit.get())));
    }
  }
  return jobs::ok();
}

jobs::Result<std::vector<Oid>> haves_of(git_repository* mirror, const std::string& base) {
  RUNNER_ASSIGN(const auto branches, remote_branches(mirror));
  std::vector<Oid> haves;
  if (const auto found = branches.find(base); found != branches.end()) {
    RUNNER_TRY(add_line(mirror, found->second, haves));
  }
  for (const auto& [name, head] : branches) {
    if (haves.size() < kMostHaves && name != base) {
      haves.push_back(head);
    }
  }
  return haves;
}

}  // namespace

jobs::Result<Branches> ask_branches(const RemoteAccess& access, const std::string& prefix) {
  RUNNER_POINT(observe_remote);
  RUNNER_ASSIGN(const auto answer,
                UploadPack(access).post({.url = {},
                                         .headers = {},
                                         .body = wire::ls_refs_request("refs/heads/" + prefix),
                                         .credential = {},
                                         .timeout = kAskPatience,
                                         .max_answer = kMostNames,
                                         .receive = {}}));
  if (!answer) {
    return Branches{};
  }
  // What is wrong with an answer libgit2 says better, and it may be able to read it.
  auto heads = wire::read_branches(answer->body);
  return heads ? Branches{.spoken = Spoken::yes, .heads = *std::move(heads)} : Branches{};
}

jobs::Result<Spoken> fetch_commits(git_repository* mirror, const RemoteAccess& access,
                                   const std::string& base, const std::vector<Oid>& wants) {
  RUNNER_POINT(fetch_before);
  RUNNER_ASSIGN(const std::vector<Oid> haves, haves_of(mirror, base));
  RUNNER_ASSIGN(Quarantine quarantine, Quarantine::begin(mirror));
  IncomingPack pack(shown_url(access.url));
  RUNNER_TRY(pack.open(mirror));
  wire::FetchReader reader([&](std::string_view bytes) { return pack.append(bytes); });
  RUNNER_ASSIGN(const auto answer,
                UploadPack(access).post(
                    {.url = {},
                     .headers = {},
                     .body = wire::fetch_request(wants, haves),
                     .credential = {},
                     .timeout = kFetchPatience,
                     .max_answer = SIZE_MAX,
                     .receive = [&](std::string_view bytes) { return reader.feed(bytes); }}));
  if (!answer) {
    return Spoken::no;
  }
  if (const jobs::Status whole = reader.end(); !whole) {
    return whole.error()
        .while_doing(fmt::format("fetching from {}", shown_url(access.url)))
        .with_hint("the connection broke: it is tried again");
  }
  RUNNER_TRY(pack.commit());
  for (const Oid& want : wants) {
    RUNNER_ASSIGN(const git_oid id, parse_oid(want));
    Commit commit;
    if (git_commit_lookup(into(commit), mirror, &id) < 0) {
      return jobs::fail(ErrorKind::transient,
                        fmt::format("{} sent a pack without the commit {} that it was asked for",
                                    shown_url(access.url), want.str()));
    }
  }
  RUNNER_TRY(quarantine.admit(fmt::format("fetching from {}", shown_url(access.url))));
  RUNNER_POINT(fetch_after);
  return Spoken::yes;
}

}  // namespace worktrees

#include "worktrees/git_error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>
#include <optional>

#include <fmt/core.h>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "worktrees/git_memory.h"

namespace worktrees {
namespace {

bool contains_any(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

jobs::Error make(jobs::ErrorKind kind, std::string_view what, std::string hint = {}) {
  const std::string message = last_git_message();
  return jobs::fail(kind,
                    message.empty() ? std::string(what) : fmt::format("{}: {}", what, message),
                    std::move(hint));
}

/// The error of a call that met the bound on memory. Nobody's next try would find less to read.
std::optional<jobs::Error> too_large(std::string_view what) {
  const std::size_t wanted = refused_git_bytes();
  const ::git_error* last = git_error_last();
  if (wanted == 0 || last == nullptr || last->klass != GIT_ERROR_NOMEMORY) {
    return std::nullopt;
  }
  return jobs::fail(jobs::ErrorKind::denied,
                    fmt::format("{}: a file, commit or tree is too large: {} bytes more are needed "
                                "at once, work with git has {} in all",
                                what, wanted, kMostGitMemory),
                    "make the largest files of the repository smaller, or take them out of it");
}

}  // namespace

constexpr std::size_t kMostCached = 16U << 20U;
constexpr std::size_t kWindow = 2U << 20U;
constexpr std::size_t kMostMapped = 12U << 20U;
constexpr std::size_t kMostPacksOpen = 32;

void start_libgit2() {
  static std::once_flag once;
  std::call_once(once, [] {
    git_libgit2_init();
    bound_git_memory();
    for (const int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                            GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    git_libgit2_opts(GIT_OPT_SET_TEMPLATE_PATH, "");
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
    // The owner check guards people from running a stranger's hooks and filters. We run neither,
    // and a state directory on a volume often belongs to another user id than the pod.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    // Its own defaults would let it hold 256 MiB of objects, map 8 GiB of packs in pieces of 1 GiB,
    // and keep any number of packs open.
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, static_cast<ssize_t>(kMostCached));
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, kWindow);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, kMostMapped);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, kMostPacksOpen);
  });
}

std::string last_git_message() {
  const ::git_error* error = git_error_last();
  if (error == nullptr || error->message == nullptr) {
    return {};
  }
  return jobs::one_line(error->message, 400);
}

jobs::Error git_failure(int code, std::string_view what) {
  if (auto error = too_large(what)) {
    return *std::move(error);
  }
  const ::git_error* last = git_error_last();
  switch (code) {
    case GIT_ENOTFOUND: return make(jobs::ErrorKind::not_found, what);
    case GIT_EEXISTS:
    case GIT_ECONFLICT:
    case GIT_EMODIFIED:
    case GIT_ENONFASTFORWARD: return make(jobs::ErrorKind::conflict, what);
    case GIT_ELOCKED:
      return make(jobs::ErrorKind::transient, what, "another process holds the lock");
    case GIT_EAUTH:
    case GIT_ECERTIFICATE: return make(jobs::ErrorKind::denied, what);
    default: break;
  }
  const bool system =
      last != nullptr && (last->klass == GIT_ERROR_OS || last->klass == GIT_ERROR_FILESYSTEM ||
                          last->klass == GIT_ERROR_NET || last->klass == GIT_ERROR_NOMEMORY);
  return make(system ? jobs::ErrorKind::transient : jobs::ErrorKind::corrupt, what);
}

jobs::Error remote_failure(int code, std::string_view what) {
  if (auto error = too_large(what)) {
    return *std::move(error);
  }
  const std::string message = jobs::ascii_lower(last_git_message());
  if (code == GIT_EAUTH || code == GIT_ECERTIFICATE ||
      contains_any(message, {"authentication", "credential", "status code: 401", "status code: 403",
                             "permission denied"})) {
    return make(jobs::ErrorKind::denied, what, "check the runner's credentials for this remote");
  }
  if (contains_any(message, {"status code: 301", "status code: 302", "status code: 307",
                             "status code: 308", "redirect"})) {
    // Not followed: whoever it leads to would be asked for the credential of this host.
    return make(jobs::ErrorKind::denied, what, "write the final URL into the manifest");
  }
  return make(jobs::ErrorKind::transient, what, "check that the remote exists and can be reached");
}

std::string to_hex(const git_oid& oid) {
  std::array<char, GIT_OID_HEXSZ + 1> text{};
  git_oid_tostr(text.data(), text.size(), &oid);
  return std::string(text.data());
}

jobs::Oid to_oid(const git_oid& oid) {
  return jobs::Oid(to_hex(oid));
}

jobs::Result<git_oid> parse_oid(const jobs::Oid& oid) {
  const std::string& text = oid.str();
  const bool hex = text.size() == GIT_OID_HEXSZ &&
                   std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
  git_oid parsed{};
  if (!hex || git_oid_fromstr(&parsed, text.c_str()) < 0) {
    return jobs::fail(
        jobs::ErrorKind::usage,
        fmt::format("'{}' is not a commit id of 40 hex digits", jobs::one_line(text, 60)));
  }
  return parsed;
}

}  // namespace worktrees

#include "tests/prove/purity/watch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include <cstring>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "tests/prove/trace/calls.h"

namespace prove {

namespace {

using trace::Call;
using trace::Effect;

/// The argument that is a path, if the call takes one.
std::optional<std::size_t> path_argument(int number) {
  switch (number) {
    case SYS_open:
    case SYS_creat:
    case SYS_stat:
    case SYS_lstat:
    case SYS_access:
    case SYS_readlink:
    case SYS_statfs:
    case SYS_unlink:
    case SYS_rmdir:
    case SYS_mkdir:
    case SYS_rename:
    case SYS_link:
    case SYS_chmod:
    case SYS_chown:
    case SYS_truncate:
    case SYS_chdir:
    case SYS_getxattr:
    case SYS_lgetxattr:
    case SYS_execve: return 0;
    case SYS_openat:
    case SYS_openat2:
    case SYS_newfstatat:
    case SYS_readlinkat:
    case SYS_faccessat:
    case SYS_faccessat2:
    case SYS_statx:
    case SYS_unlinkat:
    case SYS_mkdirat:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_linkat:
    case SYS_fchmodat:
    case SYS_utimensat: return 1;
    default: return std::nullopt;
  }
}

std::string path_in(const Call& call, const std::string& folder) {
  const auto argument = path_argument(call.number);
  const std::string path =
      argument ? trace::text_at(call, call.arguments[*argument]) : std::string();
  if (path.empty() || path.front() == '/') {
    return std::filesystem::path(path).lexically_normal();
  }
  return (std::filesystem::path(folder) / path).lexically_normal();
}

/// Of a lock that is asked for by fcntl: F_RDLCK, F_WRLCK or F_UNLCK.
short lock_type(const Call& call) {
  const std::string bytes = trace::bytes_at(call, call.arguments[2], sizeof(short));
  short type = F_WRLCK;
  if (bytes.size() == sizeof type) {
    std::memcpy(&type, bytes.data(), sizeof type);
  }
  return type;
}

bool shared_lock(const Call& call) {
  if (call.number == SYS_flock) {
    return (call.arguments[1] & LOCK_EX) == 0;
  }
  return lock_type(call) != F_WRLCK;
}

bool writes_to(int number) {
  return number == SYS_write || number == SYS_writev || number == SYS_pwrite64 ||
         number == SYS_ftruncate;
}

/// Why this call is allowed though it changes something; empty if it is not.
std::string exception_for(const Call& call) {
  const bool speaks = call.arguments[0] == 1 || call.arguments[0] == 2;
  if ((call.number == SYS_write || call.number == SYS_writev) && speaks) {
    return "words on standard output and error";
  }
  if (trace::path_of(call, call.arguments[0]).starts_with("/memfd:") && writes_to(call.number)) {
    return "files in memory, without a name";
  }
  switch (trace::effect_of(call)) {
    case Effect::process: return trace::makes_thread(call) ? "threads of its own" : "";
    case Effect::lock: return shared_lock(call) ? "shared locks, and giving locks back" : "";
    case Effect::handle:
      return call.number == SYS_socket || call.number == SYS_socketpair ? ""
                                                                        : "descriptors of its own";
    case Effect::none:
    case Effect::file:
    case Effect::sync:
    case Effect::network: return {};
  }
  return {};
}

bool is_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

}  // namespace

Watched watch(const trace::Launch& launch, const trace::Ground& ground) {
  Watched watched;
  const std::string& folder = ground.folder();
  trace::Traced traced = trace::run_traced(launch, /*children=*/true, [&](const Call& call) {
    ++watched.calls;
    const std::string path = path_in(call, folder);
    for (const char* part : {"/state", "/issues", "/remotes"}) {
      if (is_below(path, folder + part)) {
        watched.looks.push_back(fmt::format("{} of {}", trace::name_of(call.number), path));
      }
    }
    if (trace::effect_of(call) == Effect::none) {
      return trace::Verdict{};
    }
    if (const std::string why = exception_for(call); !why.empty()) {
      watched.excepted[why] += 1;
    } else {
      watched.changes.push_back(
          fmt::format("{} {}", trace::name_of(call.number),
                      path_argument(call.number) ? path : trace::path_of(call, call.arguments[0])));
    }
    return trace::Verdict{};
  });
  watched.end = std::move(traced.end);
  return watched;
}

}  // namespace prove

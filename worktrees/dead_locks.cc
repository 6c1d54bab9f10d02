#include "worktrees/dead_locks.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "worktrees/safe_fs.h"

namespace worktrees {
namespace {

constexpr const char* kNote = "runner-pushing";

jobs::Status drop(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return jobs::fail(jobs::ErrorKind::transient,
                      fmt::format("cannot remove {}, which a dead tick has left", path));
  }
  return jobs::ok();
}

jobs::Status drop_below(const std::string& folder) {
  for (const std::string& name : names_in(folder)) {
    const std::string path = folder + "/" + name;
    const PathKind kind = kind_of(path);
    if (kind == PathKind::directory) {
      RUNNER_TRY(drop_below(path));
    } else if (kind == PathKind::file && name.ends_with(".lock")) {
      RUNNER_TRY(drop(path));
    }
  }
  return jobs::ok();
}

bool before(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

/// The note's lines: the lock file, then what was to be written into it.
jobs::Status drop_of_dead_runner(const std::string& mirror) {
  RUNNER_ASSIGN(const std::optional<std::string> note, read_below(mirror, kNote));
  if (!note) {
    return jobs::ok();
  }
  const std::size_t line = note->find('\n');
  const std::string lock_file = note->substr(0, line);
  const std::string wanted = line == std::string::npos ? std::string() : note->substr(line + 1);
  struct stat noted{};
  struct stat locked{};
  if (kind_of(lock_file) == PathKind::file &&
      ::lstat((mirror + "/" + kNote).c_str(), &noted) == 0 &&
      ::lstat(lock_file.c_str(), &locked) == 0 && !before(locked.st_mtim, noted.st_mtim)) {
    std::ifstream in(lock_file, std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(in), {});
    if (content.empty() || content.starts_with(wanted)) {
      RUNNER_TRY(drop(lock_file));
    }
  }
  return remove_below(mirror, kNote);
}

}  // namespace

jobs::Status drop_dead_locks(const std::string& git_directory) {
  for (const char* name : {"HEAD.lock", "FETCH_HEAD.lock", "config.lock", "packed-refs.lock"}) {
    if (const std::string path = git_directory + "/" + name; kind_of(path) == PathKind::file) {
      RUNNER_TRY(drop(path));
    }
  }
  return drop_below(git_directory + "/refs");
}

jobs::Result<LockAbroad> LockAbroad::announce(const std::string& mirror,
                                              const std::string& lock_file,
                                              const std::string& content) {
  RUNNER_TRY(drop_of_dead_runner(mirror));
  RUNNER_TRY(write_below(mirror, kNote, lock_file + "\n" + content, Durability::synced));
  return LockAbroad(mirror);
}

LockAbroad::LockAbroad(LockAbroad&& other) noexcept : mirror_(std::exchange(other.mirror_, {})) {}

LockAbroad::~LockAbroad() {
  if (!mirror_.empty()) {
    // A note that stays is harmless: it names a lock that is gone.
    [[maybe_unused]] const jobs::Status removed = remove_below(mirror_, kNote);
  }
}

}  // namespace worktrees

#include "runner/executors/remove_turn.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "runner/process/files.h"

namespace runner::executors {

namespace fs = std::filesystem;
using jobs::Status;

namespace {

// A start() that is still making its directory is minutes old at most.
constexpr auto kAbandoned = std::chrono::hours(1);

Status remove_tree(const fs::path& tree) {
  std::error_code error;
  // An agent may leave folders that not even their owner may write.
  fs::permissions(tree, fs::perms::owner_all, error);
  error.clear();
  for (auto entry = fs::recursive_directory_iterator(
           tree, fs::directory_options::skip_permission_denied, error);
       !error && entry != fs::recursive_directory_iterator();) {
    std::error_code ignored;
    // A link is never followed, or we would change what lies outside.
    if (entry->symlink_status(ignored).type() == fs::file_type::directory) {
      fs::permissions(entry->path(), fs::perms::owner_all, ignored);
    }
    entry.increment(error);
  }
  error.clear();
  fs::remove_all(tree, error);
  if (error) {
    return process::system_error(error.value(), "remove", tree.string());
  }
  return jobs::ok();
}

Status sweep(const fs::path& run_folder, jobs::TimePoint now) {
  std::vector<fs::path> abandoned;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(run_folder, error)) {
    const auto changed = process::modified_at(entry.path().string());
    if (entry.path().filename().string().starts_with(".") && changed &&
        now - *changed > kAbandoned) {
      abandoned.push_back(entry.path());
    }
  }
  for (const auto& path : abandoned) {
    RUNNER_TRY(remove_tree(path));
  }
  fs::remove(run_folder, error);  // fails, as it should, while something is in it
  return jobs::ok();
}

}  // namespace

Status remove_turn(const std::string& directory, jobs::TimePoint now) {
  const fs::path path(directory);
  if (process::exists(directory)) {
    // Out of sight first: a half removed turn directory must not look like a turn.
    const std::string away = fmt::format("{}/.removed.{}.{}", path.parent_path().string(),
                                         path.filename().string(), ::getpid());
    if (std::rename(directory.c_str(), away.c_str()) != 0) {
      return process::system_error(errno, "move", directory);
    }
    RUNNER_POINT(turn_put_away);
    RUNNER_TRY(remove_tree(away));
  }
  return sweep(path.parent_path(), now);
}

}  // namespace runner::executors

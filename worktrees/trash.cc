#include "worktrees/trash.h"

#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "worktrees/safe_fs.h"
#include "worktrees/workers.h"

namespace worktrees {

namespace {

// Parts of a tree are removed side by side.
constexpr int kSplitLevels = 2;

void parts_of(const std::string& path, int levels, std::vector<std::string>& parts) {
  for (const std::string& name : names_in(path)) {
    const std::string below = fmt::format("{}/{}", path, name);
    if (levels > 0 && kind_of(below) == PathKind::directory) {
      parts_of(below, levels - 1, parts);
    } else {
      parts.push_back(below);
    }
  }
}

}  // namespace

jobs::Status discard(const Layout& layout, const std::string& path) {
  if (kind_of(path) == PathKind::nothing) {
    return jobs::ok();
  }
  RUNNER_TRY(make_directories(layout.trash()));
  const std::string away = fmt::format("{}/{}", layout.trash(), unique_name("tree"));
  if (std::rename(path.c_str(), away.c_str()) != 0) {
    return remove_tree(path);
  }
  RUNNER_POINT(discard_moved);
  return jobs::ok();
}

jobs::Status empty_trash(const Layout& layout, jobs::Duration patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  const auto time_is_up = [&] { return std::chrono::steady_clock::now() >= end; };
  jobs::Status outcome = jobs::ok();
  for (const std::string& name : names_in(layout.trash())) {
    const std::string tree = fmt::format("{}/{}", layout.trash(), name);
    std::vector<std::string> parts;
    parts_of(tree, kSplitLevels, parts);
    jobs::Status removed = do_tasks(parts.size(), 0, [&]() -> DoTask {
      return [&](std::size_t part) { return time_is_up() ? jobs::ok() : remove_tree(parts[part]); };
    });
    if (time_is_up()) {
      return outcome;
    }
    removed = removed ? remove_tree(tree) : std::move(removed);
    // One that cannot be deleted keeps no other from it.
    outcome = outcome ? std::move(removed) : std::move(outcome);
  }
  return outcome;
}

}  // namespace worktrees

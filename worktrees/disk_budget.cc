#include "worktrees/disk_budget.h"

#include <optional>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "worktrees/record.h"
#include "worktrees/safe_fs.h"
#include "worktrees/trash.h"

namespace worktrees {
namespace {

constexpr jobs::Duration kPatienceWithTrash = std::chrono::minutes(2);

/// "12 needed", and why if it is not only what is to stay free.
std::string needed(std::int64_t need, std::int64_t to_stay, std::string_view key) {
  return need == 0 ? fmt::format("{} needed", to_stay)
                   : fmt::format("{} needed: {} for its files, and {} stay free ({})",
                                 need + to_stay, need, to_stay, key);
}

/// What is short, in words; nothing if there is enough.
jobs::Result<std::optional<std::string>> shortage(const Context& context, std::string_view what,
                                                  const Need& need) {
  const std::string& root = context.layout.root;
  const jobs::Limits& limits = context.options.limits;
  RUNNER_ASSIGN(const FreeSpace free, free_space(root));
  if (free.bytes < need.bytes || free.bytes - need.bytes < limits.disk_free_bytes) {
    return fmt::format("not enough disk space for {}: {} bytes free in {}, {}", what, free.bytes,
                       root, needed(need.bytes, limits.disk_free_bytes, "limits.disk_free_bytes"));
  }
  if (free.inodes && limits.disk_free_inodes > 0 &&
      (*free.inodes < need.inodes || *free.inodes - need.inodes < limits.disk_free_inodes)) {
    return fmt::format("not enough inodes for {}: {} free in {}, {}", what, *free.inodes, root,
                       needed(need.inodes, limits.disk_free_inodes, "limits.disk_free_inodes"));
  }
  return std::nullopt;
}

}  // namespace

jobs::Status check_space(const Context& context, std::string_view what, const Need& need) {
  RUNNER_ASSIGN(auto missing, shortage(context, what, need));
  if (missing) {
    RUNNER_TRY(empty_trash(context.layout, kPatienceWithTrash));
    RUNNER_ASSIGN(missing, shortage(context, what, need));
  }
  if (!missing) {
    return jobs::ok();
  }
  const Idle idle = idle_worktrees(context.layout);
  return jobs::fail(
      jobs::ErrorKind::transient, *missing,
      fmt::format("make room, or lower limits.disk_free_bytes or disk_free_inodes{}",
                  idle.count == 0
                      ? std::string()
                      : fmt::format("; `runner worktrees prune` gives back {} bytes of {} idle "
                                    "worktrees (retention.pool_bytes bounds them)",
                                    idle.bytes, idle.count)));
}

}  // namespace worktrees

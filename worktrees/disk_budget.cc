#include "worktrees/disk_budget.h"

#include <optional>
#include <string>

#include <fmt/core.h>

#include "worktrees/record.h"
#include "worktrees/safe_fs.h"
#include "worktrees/trash.h"

namespace worktrees {
namespace {

constexpr jobs::Duration kPatienceWithTrash = std::chrono::minutes(2);

/// What is short, in words; nothing if there is enough.
jobs::Result<std::optional<std::string>> shortage(const Context& context) {
  const std::string& root = context.layout.root;
  const jobs::Limits& limits = context.options.limits;
  RUNNER_ASSIGN(const FreeSpace free, free_space(root));
  if (free.bytes < limits.disk_free_bytes) {
    return fmt::format("not enough disk space for a worktree: {} bytes free in {}, {} needed",
                       free.bytes, root, limits.disk_free_bytes);
  }
  if (free.inodes && *free.inodes < limits.disk_free_inodes) {
    return fmt::format("not enough inodes for a worktree: {} free in {}, {} needed", *free.inodes,
                       root, limits.disk_free_inodes);
  }
  return std::nullopt;
}

}  // namespace

jobs::Status check_space(const Context& context) {
  RUNNER_ASSIGN(auto missing, shortage(context));
  if (missing) {
    RUNNER_TRY(empty_trash(context.layout, kPatienceWithTrash));
    RUNNER_ASSIGN(missing, shortage(context));
  }
  if (!missing) {
    return jobs::ok();
  }
  const std::int64_t idle = idle_bytes(context.layout);
  return jobs::fail(
      jobs::ErrorKind::transient, *missing,
      fmt::format("make room, or lower limits.disk_free_bytes or disk_free_inodes{}",
                  idle == 0 ? std::string()
                            : fmt::format("; `runner worktrees prune` gives back {} bytes of idle "
                                          "worktrees (retention.pool_bytes bounds them)",
                                          idle)));
}

}  // namespace worktrees

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "worktrees/checkout.h"
#include "worktrees/context.h"
#include "worktrees/inventory.h"
#include "worktrees/known_files.h"
#include "worktrees/mirror.h"
#include "worktrees/record.h"
#include "worktrees/rescue.h"
#include "worktrees/safe_fs.h"
#include "worktrees/trash.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;

/// A folder of ours goes; what somebody else put at its path (a link, a file) stays.
jobs::Status remove_slot(const Context& context, const jobs::RepoName& repo,
                         const std::string& slot) {
  const std::string folder = context.layout.slot(repo, slot);
  if (kind_of(folder) == PathKind::directory) {
    RUNNER_TRY(discard(context.layout, folder));
  }
  RUNNER_TRY(unlink_worktree(context.layout, repo, slot));
  RUNNER_TRY(remove_below(context.layout.pool(repo), slot + ".index"));
  return remove_record(context.layout, repo, slot);
}

/// Of the bytes of a worktree, those that are not of the files that were written to it. 0 where
/// there are too many of these to be known (known_files.h).
std::int64_t bytes_beside(std::int64_t all, const std::string& index) {
  const KnownFiles known = read_known_files(index);
  if (known.list.files.empty()) {
    return 0;
  }
  std::int64_t written = 0;
  for (const FileStat& stat : known.stats) {
    written += stat.size;
  }
  return std::max<std::int64_t>(0, all - written);
}

std::vector<Record> idle_of(const Context& context, const jobs::RepoName& repo) {
  auto known = records(context.layout, repo);
  std::erase_if(known, [](const Record& record) { return !record.run.empty(); });
  std::ranges::sort(known, std::greater<>{}, &Record::given_back);
  return known;
}

/// The idle worktrees that were used longest ago go, until the others keep to their bounds.
jobs::Status trim_pool(const Context& context, const jobs::RepoName& repo) {
  const jobs::Retention& most = context.options.retention;
  int kept = 0;
  std::int64_t bytes = 0;
  for (const Record& record : idle_of(context, repo)) {
    bytes += record.bytes;
    if (kept == most.pool_size || bytes > most.pool_bytes) {
      bytes -= record.bytes;
      RUNNER_TRY(remove_slot(context, repo, record.slot));
    } else {
      ++kept;
    }
  }
  return jobs::ok();
}

}  // namespace

jobs::Status release(const Context& context, const jobs::Repo& repo, const jobs::Run& run) {
  const Layout& layout = context.layout;
  auto record = record_of(layout, repo.name, run.id);
  if (!RUNNER_PLANTED(released_without_rescue)) {
    RUNNER_ASSIGN(const jobs::Oid kept, keep_work(context, repo.name, run.id, run.branch));
  }
  RUNNER_POINT(release_kept);
  if (kind_of(layout.checkout(repo.name)) == PathKind::directory && is_run_branch(run.branch) &&
      owns_branch(layout, repo.name, run.id, run.branch)) {
    RUNNER_TRY(delete_checkout_ref(layout, repo.name, "refs/heads/" + run.branch));
  }
  RUNNER_POINT(release_unbranched);
  if (!record) {
    return jobs::ok();
  }
  if (!folder_problem(layout, repo.name, record->slot).empty() ||
      context.options.retention.pool_size == 0) {
    return remove_slot(context, repo.name, record->slot);
  }
  record->run.clear();
  record->branch.clear();
  record->bytes = tree_bytes(layout.slot(repo.name, record->slot));
  record->ignored = bytes_beside(record->bytes, layout.known_files(repo.name, record->slot));
  if (record->ignored > context.options.retention.ignored_bytes) {
    context.say(
        fmt::format("removing the worktree {}: beside the files of its commit it holds {} "
                    "bytes (retention.ignored_bytes)",
                    layout.slot(repo.name, record->slot), record->ignored));
    return remove_slot(context, repo.name, record->slot);
  }
  record->given_back = 1;
  for (const Record& other : records(layout, repo.name)) {
    record->given_back = std::max(record->given_back, other.given_back + 1);
  }
  RUNNER_TRY(write_record(layout, repo.name, *record));
  return trim_pool(context, repo.name);
}

jobs::Result<std::vector<jobs::WorktreeEntry>> list(const Context& context) {
  std::vector<jobs::WorktreeEntry> entries;
  for (Holding& holding : inventory(context.layout)) {
    if (!holding.trash) {
      entries.push_back(std::move(holding.entry));
    }
  }
  return entries;
}

jobs::Status remove_orphan(const Context& context, const jobs::WorktreeEntry& entry) {
  const Layout& layout = context.layout;
  const std::string pool = layout.pool(entry.repo);
  const std::string slot = entry.path.substr(std::min(entry.path.size(), pool.size() + 1));
  if (!entry.path.starts_with(pool + "/") || !jobs::is_safe_component(slot)) {
    return jobs::fail(ErrorKind::usage, fmt::format("{} is not a worktree of {}",
                                                    jobs::one_line(entry.path), entry.repo.str()));
  }
  RUNNER_ASSIGN(const PathLock lock, context.lock(entry.repo));
  if (kind_of(entry.path) == PathKind::nothing) {
    return remove_slot(context, entry.repo, slot);
  }
  RUNNER_ASSIGN(const auto record, read_record(layout, entry.repo, slot));
  if (record && record->run != entry.run) {
    return jobs::fail(ErrorKind::conflict, fmt::format("{} is in use by run {} now", entry.path,
                                                       jobs::one_line(record->run, 60)));
  }
  if (record && !record->run.empty()) {
    RUNNER_ASSIGN(const jobs::Oid kept,
                  keep_work(context, entry.repo, jobs::RunId(record->run), record->branch));
    if (!record->branch.empty()) {
      RUNNER_TRY(delete_checkout_ref(layout, entry.repo, "refs/heads/" + record->branch));
    }
  } else if (!record && !names_in(entry.path).empty()) {
    if (kind_of(layout.mirror(entry.repo)) == PathKind::nothing) {
      return jobs::fail(
          ErrorKind::conflict,
          fmt::format("{} belongs to no repository that is known here: not removed", entry.path),
          "look at it and remove it yourself");
    }
    RUNNER_ASSIGN(const jobs::Oid kept, keep_folder(context, entry.repo, slot, entry.path));
  }
  RUNNER_POINT(orphan_kept);
  return remove_slot(context, entry.repo, slot);
}

}  // namespace worktrees

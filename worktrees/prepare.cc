#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "worktrees/checkout.h"
#include "worktrees/commits.h"
#include "worktrees/context.h"
#include "worktrees/disk_budget.h"
#include "worktrees/git_error.h"
#include "worktrees/import.h"
#include "worktrees/materialise.h"
#include "worktrees/mirror.h"
#include "worktrees/record.h"
#include "worktrees/refresh.h"
#include "worktrees/rescue.h"
#include "worktrees/safe_fs.h"
#include "worktrees/setup.h"
#include "worktrees/trash.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;
using jobs::Oid;

constexpr const char* kWhat = "a worktree";

/// Another run's branch of the same name (an earlier attempt at the issue) is kept before its name
/// is used again.
jobs::Status retire_branch(const Context& context, const jobs::Repo& repo, const jobs::Run& run) {
  const Layout& layout = context.layout;
  const std::string ref = "refs/heads/" + run.branch;
  bool kept_already = false;
  for (Record& other : records(layout, repo.name)) {
    if (other.branch != run.branch || other.run == run.id.str() || other.run.empty()) {
      continue;
    }
    RUNNER_ASSIGN(const Oid kept,
                  keep_work(context, repo.name, jobs::RunId(other.run), other.branch));
    RUNNER_ASSIGN(const Oid head, checkout_ref(layout, repo.name, ref));
    // Its worktree stays to be looked at, on no branch any more.
    RUNNER_TRY(write_below(layout.checkout(repo.name), fmt::format("worktrees/{}/HEAD", other.slot),
                           (head.empty() ? other.base : head).str() + "\n"));
    kept_already = true;
    other.branch.clear();
    RUNNER_TRY(write_record(layout, repo.name, other));
  }
  RUNNER_ASSIGN(const Oid head, checkout_ref(layout, repo.name, ref));
  if (head.empty()) {
    return jobs::ok();
  }
  if (kept_already) {
    return delete_checkout_ref(layout, repo.name, ref);
  }
  // Left over without a worktree: named by its commit, as nobody knows its run any more.
  RUNNER_ASSIGN(
      const Oid kept,
      keep_work(context, repo.name, jobs::RunId("branch-" + head.str().substr(0, 16)), run.branch));
  return delete_checkout_ref(layout, repo.name, ref);
}

/// The idle worktree that was used last and may be handed on to this run, or a new one.
Record choose_slot(const Context& context, const jobs::Repo& repo, const jobs::Run& run) {
  auto known = records(context.layout, repo.name);
  std::ranges::sort(known, std::greater<>{}, &Record::given_back);
  for (const Record& record : known) {
    if (record.run.empty() && record.trust == trust_of(repo, run) &&
        record.ignored <= context.options.retention.ignored_bytes &&
        folder_problem(context.layout, repo.name, record.slot).empty()) {
      return record;
    }
  }
  for (int number = 1;; ++number) {
    Record fresh{.slot = fmt::format("w{}", number), .repo = repo.name.str()};
    const bool taken =
        std::ranges::any_of(known, [&](const Record& record) { return record.slot == fresh.slot; });
    if (!taken && kind_of(context.layout.slot(repo.name, fresh.slot)) == PathKind::nothing) {
      return fresh;
    }
  }
}

/// Another worktree of the repository, the likest: a file that is copied need not be decoded.
std::string sibling_of(const Layout& layout, const jobs::Repo& repo, const Record& record,
                       const Oid& commit) {
  auto others = records(layout, repo.name);
  std::erase_if(others, [&](const Record& other) {
    return other.slot == record.slot ||
           kind_of(layout.slot(repo.name, other.slot)) != PathKind::directory ||
           kind_of(layout.known_files(repo.name, other.slot)) != PathKind::file;
  });
  const auto likest = std::ranges::max_element(others, {}, [&](const Record& other) {
    return std::pair(other.base == commit && other.sparse == record.sparse, other.given_back);
  });
  return likest == others.end() ? "" : likest->slot;
}

struct Slot {
  bool warm = true;    ///< what setup made there the last time was left alone
  std::string remark;  ///< what is odd about its files
};

/// Brings the slot's files to `commit` on the run's branch.
jobs::Result<Slot> fill(const Context& context, const jobs::Repo& repo, Record& record,
                        const Oid& commit) {
  const Layout& layout = context.layout;
  RUNNER_ASSIGN(Smudge smudge, context.smudge(repo, record));
  const std::string folder = layout.slot(repo.name, record.slot);
  FolderWish wish{
      .commit = commit,
      .folder = folder,
      .known = layout.known_files(repo.name, record.slot),
      .cold = repo.cold,
      .sparse = record.sparse,
      .smudge = std::move(smudge),
      .room = [&context](const Need& need) { return check_space(context, kWhat, need); }};
  if (const std::string other = sibling_of(layout, repo, record, commit); !other.empty()) {
    wish.sibling = layout.slot(repo.name, other);
    wish.sibling_known = layout.known_files(repo.name, other);
  }
  bool warm = true;
  auto filled = materialise(layout, repo.name, wish);
  if (!filled && filled.error().kind != ErrorKind::denied &&
      filled.error().kind != ErrorKind::transient) {
    // Whatever the last user of the folder did to it, an empty one can be filled.
    RUNNER_TRY(discard(layout, folder));
    warm = false;
    filled = materialise(layout, repo.name, wish);
  }
  if (!filled) {
    return std::move(filled).error();
  }
  RUNNER_TRY(set_checkout_ref(layout, repo.name, "refs/heads/" + record.branch, commit));
  RUNNER_TRY(link_worktree(layout, repo.name, record.slot, record.branch, filled->index,
                           Cone(record.sparse)));
  return Slot{.warm = warm && !filled->cold_went, .remark = filled->twins.text()};
}

/// The worktree of a run that was prepared before: as it is, or made again from its branch if the
/// folder is gone.
jobs::Result<bool> find_again(const Context& context, const jobs::Repo& repo, Record& record) {
  const std::string problem = folder_problem(context.layout, repo.name, record.slot);
  if (problem.empty()) {
    return true;
  }
  const std::string folder = context.layout.slot(repo.name, record.slot);
  if (kind_of(folder) != PathKind::nothing) {
    return jobs::fail(ErrorKind::conflict, problem,
                      fmt::format("move {} away, then try again", folder));
  }
  RUNNER_TRY(check_space(context, kWhat));
  RUNNER_ASSIGN(Oid head, checkout_ref(context.layout, repo.name, "refs/heads/" + record.branch));
  RUNNER_ASSIGN(const Repository mirror, open_mirror(context.layout, repo.name));
  if (head.empty()) {
    head = record.base;
  }
  RUNNER_ASSIGN(const auto refusal, import_commit(mirror.get(), context.layout, repo.name, head));
  if (refusal) {
    return jobs::fail(ErrorKind::denied,
                      fmt::format("the worktree cannot be made again: {}", refusal->message));
  }
  context.say(fmt::format("making the lost worktree {} again", folder));
  record.setup.clear();
  RUNNER_TRY(write_record(context.layout, repo.name, record));
  RUNNER_TRY(restore_checkout(context.layout, repo.name, !record.sparse.empty()));
  RUNNER_TRY(fill(context, repo, record, head));
  return false;
}

}  // namespace

jobs::Result<jobs::Prepared> prepare(const Context& context, const jobs::Repo& repo,
                                     const jobs::Run& run) {
  const Layout& layout = context.layout;
  if (!is_run_branch(run.branch)) {
    return jobs::fail(
        ErrorKind::usage,
        fmt::format("'{}' is not a branch of the runner", jobs::one_line(run.branch, 100)),
        "a run's branch is called runner/<issue>-<slug>");
  }
  if (run.id.empty() || run.id.str().find('\n') != std::string::npos) {
    return jobs::fail(ErrorKind::usage, "a run without an id has no worktree");
  }
  auto known = record_of(layout, repo.name, run.id);
  if (known && known->ready) {
    RUNNER_ASSIGN(const bool as_it_was, find_again(context, repo, *known));
    jobs::Prepared prepared{
        .path = layout.slot(repo.name, known->slot), .base = known->base, .recycled = as_it_was};
    RUNNER_TRY(run_setup(context, repo, *known, prepared.setup_log));
    return prepared;
  }
  context.say(fmt::format("fetching {}", shown_url(repo.remote)));
  Oid base;
  {
    RUNNER_ASSIGN(const Repository mirror, open_or_make_mirror(layout, repo.name));
    RUNNER_ASSIGN(base, refresh_base(mirror.get(), context.access(repo), repo.base));
  }
  RUNNER_TRY(restore_checkout(layout, repo.name, !repo.sparse.empty()));
  RUNNER_TRY(make_directories(layout.pool(repo.name)));
  RUNNER_TRY(write_below(layout.pool(repo.name), "repo.name", repo.name.str() + "\n"));
  RUNNER_TRY(retire_branch(context, repo, run));

  Record record = known ? *known : choose_slot(context, repo, run);
  const bool recycled = kind_of(layout.slot(repo.name, record.slot)) == PathKind::directory;
  if (!recycled) {
    RUNNER_TRY(check_space(context, kWhat));
    record.setup.clear();
  }
  // What was set up is known again when it is known to have stayed: a death in between must not
  // leave a record that promises it.
  const std::string set_up = std::exchange(record.setup, {});
  // From here on the slot is this run's: a crash before `ready` is followed by the same steps
  // again.
  record.run = run.id.str();
  record.branch = run.branch;
  record.base = base;
  record.ready = false;
  record.trust = trust_of(repo, run);
  record.sparse = repo.sparse;
  RUNNER_TRY(write_record(layout, repo.name, record));
  RUNNER_POINT(prepare_recorded);
  context.say(fmt::format("writing the files of {} {} into {}", repo.base, base.str().substr(0, 10),
                          layout.slot(repo.name, record.slot)));
  RUNNER_ASSIGN(Slot slot, fill(context, repo, record, base));
  RUNNER_TRY(set_checkout_ref(layout, repo.name, kFollowed + repo.base, base));
  RUNNER_POINT(prepare_filled);
  record.ready = true;
  record.setup = slot.warm ? set_up : "";
  RUNNER_TRY(write_record(layout, repo.name, record));
  RUNNER_POINT(prepare_ready);

  jobs::Prepared prepared{
      .path = layout.slot(repo.name, record.slot), .base = base, .recycled = recycled};
  prepared.remark = std::move(slot.remark);
  RUNNER_TRY(run_setup(context, repo, record, prepared.setup_log));
  return prepared;
}

}  // namespace worktrees

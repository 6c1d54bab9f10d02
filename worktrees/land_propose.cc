#include "worktrees/land_propose.h"

#include <utility>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "worktrees/checkout.h"
#include "worktrees/land_guards.h"
#include "worktrees/materialise.h"
#include "worktrees/mirror.h"
#include "worktrees/record.h"
#include "worktrees/rescue.h"
#include "worktrees/safe_fs.h"
#include "worktrees/sparse.h"

namespace worktrees {

using jobs::LandResult;
using jobs::Oid;

jobs::Result<LandResult> propose(const Context& context, git_repository* mirror,
                                 const jobs::Repo& repo, const jobs::LandRequest& request,
                                 const Oid& head, const Oid& base) {
  LandResult result{.kind = LandResult::Kind::proposed};
  result.head = head;
  result.base = base;
  RUNNER_ASSIGN(const auto branches, remote_branches(mirror));
  const auto found = branches.find(request.propose);
  const Oid old = found == branches.end() ? Oid() : found->second;
  if (old == head) {
    return result;
  }
  if (!old.empty() && !contains(mirror, head, old)) {
    return rejected("foreign-commit", fmt::format("somebody pushed {} to {}",
                                                  old.str().substr(0, 10), request.propose));
  }
  context.say(fmt::format("pushing {} to {} of {}", head.str().substr(0, 10), request.propose,
                          shown_url(repo.remote)));
  RUNNER_TRY(jobs::ask(request.still_ours));
  RUNNER_POINT(propose_before);
  RUNNER_ASSIGN(const PushResult pushed,
                push_commit(mirror, context.access(repo), request.propose, old, head));
  if (!pushed.accepted) {
    return rejected("server", fmt::format("the remote refused the push: {}", pushed.refusal));
  }
  RUNNER_POINT(propose_after);
  RUNNER_TRY(set_mirror_ref(mirror, kFollowed + request.propose, head));
  return result;
}

jobs::Status show_in_worktree(const Context& context, const jobs::Repo& repo, const jobs::Run& run,
                              const Oid& commit) {
  const Layout& layout = context.layout;
  auto record = record_of(layout, repo.name, run.id);
  if (!record || !folder_problem(layout, repo.name, record->slot).empty()) {
    return jobs::ok();
  }
  // Uncommitted files may be overwritten: kept first.
  RUNNER_ASSIGN([[maybe_unused]] const Oid kept, keep_work(context, repo.name, run.id, run.branch));
  RUNNER_ASSIGN(Smudge smudge, context.smudge(repo, *record));
  RUNNER_ASSIGN(const Filled filled,
                materialise(layout, repo.name,
                            {.commit = commit,
                             .folder = layout.slot(repo.name, record->slot),
                             .leftovers = Leftovers::keep,
                             .known = layout.known_files(repo.name, record->slot),
                             .sparse = record->sparse,
                             .smudge = std::move(smudge)}));
  return link_worktree(layout, repo.name, record->slot, run.branch, filled.index,
                       Cone(record->sparse));
}

}  // namespace worktrees

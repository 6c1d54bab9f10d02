#pragma once

#include <string>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/context.h"

namespace worktrees {

/// Name of the ref that keeps a run's work.
[[nodiscard]] std::string rescue_ref(const jobs::RunId& run);

/// Keeps the run's branch, its worktree's HEAD and its uncommitted files under the run's rescue ref
/// in the mirror, unless the remote has them all. Returns the commit kept; empty if there is
/// nothing to keep. The caller holds the repository's lock.
[[nodiscard]] jobs::Result<jobs::Oid> keep_work(const Context& context, const jobs::RepoName& repo,
                                                const jobs::RunId& run, const std::string& branch);

/// Keeps the files of a folder that no record knows, without history, under
/// refs/runner/rescue/<name>.
[[nodiscard]] jobs::Result<jobs::Oid> keep_folder(const Context& context,
                                                  const jobs::RepoName& repo,
                                                  const std::string& name,
                                                  const std::string& folder);

}  // namespace worktrees

#pragma once

#include <string>
#include <vector>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/git_handles.h"

namespace worktrees {

/// One commit to write; the same values give the same id.
struct NewCommit {
  jobs::Oid tree;
  std::vector<jobs::Oid> parents;
  std::string message;
  jobs::TimePoint at;
  std::string name = "runner";
  std::string email = "runner@localhost";
};

/// Writes the commit object; moves no ref.
[[nodiscard]] jobs::Result<jobs::Oid> write_commit(git_repository* repository,
                                                   const NewCommit& commit);

/// What landing wants to know of a commit.
struct CommitFacts {
  jobs::Oid id;
  jobs::Oid tree;
  std::vector<jobs::Oid> parents;
  std::string message;
  jobs::TimePoint at;
};
[[nodiscard]] jobs::Result<CommitFacts> read_commit(git_repository* repository,
                                                    const jobs::Oid& commit);

/// Why a commit is too long to be read ("" = it is not): it is read whole, message and all. Told by
/// its header alone.
[[nodiscard]] jobs::Result<std::string> long_commit(git_odb* odb, const git_oid& id);

/// The same for every commit that `top` stands on and `known` does not have.
[[nodiscard]] jobs::Result<std::string> long_commit_below(git_repository* repository,
                                                          git_repository* known,
                                                          const jobs::Oid& top, std::size_t most);

/// Commits reachable from `include` and not from any of `exclude`, newest first; conflict above
/// `most`.
[[nodiscard]] jobs::Result<std::vector<jobs::Oid>> commits_between(
    git_repository* repository, const jobs::Oid& include, const std::vector<jobs::Oid>& exclude,
    std::size_t most);

}  // namespace worktrees

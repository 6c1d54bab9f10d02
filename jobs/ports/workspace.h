#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/model/run.h"
#include "jobs/ports/fence.h"

namespace jobs {

/// A run's worktree as it is on disk now.
struct WorktreeFacts {
  bool exists = false;  ///< a worktree of this repository's checkout, on the run's branch
  std::string problem;  ///< not empty: something else is at that path (deleted, filled by hand,
                        ///< other branch); says what
  Oid head;             ///< the branch's head, also when the folder itself is gone
  Oid head_tree;        ///< tree of `head`
  int commits = 0;      ///< commits on the branch that are not in `run.base`
  bool base_is_ancestor =
      true;            ///< `run.base` is an ancestor of head: the branch was not rewritten below it
  bool dirty = false;  ///< tracked files changed or untracked, not ignored files present
};

/// A worktree directory found on disk, whoever it belongs to.
struct WorktreeEntry {
  RepoName repo;
  std::string path;
  std::string run;  ///< run id, from the worktree's own record; "" = idle in the pool or unknown
  std::string branch;
  std::int64_t bytes = 0;  ///< size on disk, apparent
  std::optional<TimePoint> modified_at;
};

/// Reads git. Calls may come from several threads at once, for different repositories.
class WorkspaceReader {
 public:
  virtual ~WorkspaceReader() = default;
  [[nodiscard]] virtual Result<WorktreeFacts> observe(const Repo& repo, const Run& run) = 0;
  /// The base branch's head on the remote now (ls-remote; writes nothing). not_found: the remote is
  /// there but has no such branch (empty, or wrong name: the message lists the branches that
  /// exist); transient: gone or unreachable; denied.
  [[nodiscard]] virtual Result<Oid> remote_base(const Repo& repo) = 0;
  /// The content of `path` (relative, no "..") in `commit`; none if it is not there, not a plain
  /// file, or above 1 MiB.
  [[nodiscard]] virtual Result<std::optional<std::string>> file_at(const Repo& repo,
                                                                   const Oid& commit,
                                                                   const std::string& path) = 0;
  /// Worktrees on disk.
  [[nodiscard]] virtual Result<std::vector<WorktreeEntry>> list() = 0;
  /// Free bytes where worktrees are made.
  [[nodiscard]] virtual Result<std::int64_t> disk_free() = 0;
};

/// A made worktree.
struct Prepared {
  std::string path;
  Oid base;  ///< commit it starts from
  bool recycled = false;
  std::vector<std::string>
      setup_log;  ///< one line per setup command that ran, with its time; empty = cached or none
  std::string remark;  ///< what is odd about its files; "" = nothing
};

/// Runs one setup command for the workspace and waits for it: given in by the wiring, because git
/// knows no processes.
class CommandRunner {
 public:
  struct Command {
    RepoName repo;                  ///< whose worktree `cwd` is
    std::vector<std::string> argv;  ///< argv[0]: an absolute path, a name, or relative to `cwd`
    std::string cwd;
    std::map<std::string, std::string> env;  ///< besides PATH, HOME and the like
    Duration deadline{};
  };
  struct Outcome {
    int exit_code = 0;
    std::string output_tail;
    Duration took{};
  };
  virtual ~CommandRunner() = default;
  [[nodiscard]] virtual Result<Outcome> run(const Command& command) = 0;
};

/// Runs a filter program of the manifest over the content of one file and waits for it: given in by
/// the wiring, as above.
class FilterRunner {
 public:
  struct Filter {
    std::vector<std::string> argv;  ///< argv[0]: an absolute path or a name
    std::string cwd;
    std::map<std::string, std::string> env;  ///< besides PATH, HOME and the like
    std::string input;                       ///< path of a file: its standard input
    int output = -1;                         ///< an opened file: its standard output
    Duration deadline{};
  };
  virtual ~FilterRunner() = default;
  /// Any thread may call it. not_found: there is no such program; transient: it did not end with 0,
  /// or not in time.
  [[nodiscard]] virtual Status run(const Filter& filter) = 0;
};

/// What landing is asked to do. The same request gives the same commit.
struct LandRequest {
  Run run;       ///< head, verified_tree, verified_base, branch, id, issue, title are used
  TimePoint at;  ///< author and committer time of the merge commit
  std::string author_name = "runner";
  std::string author_email = "runner@localhost";
  Fence still_ours;     ///< asked right before the push
  std::string propose;  ///< not empty: pushed to this branch of the remote instead of the base, for
                        ///< a pull request
  Oid merged;           ///< not empty: the forge says that our work is on the base as this commit
};

struct LandResult {
  enum class Kind : std::uint8_t {
    landed,  ///< the remote base branch is (or contains) `commit`; the run's branch was moved on to
             ///< it, so that a later fix of this run starts from what the base has
    needs_verify,  ///< the base moved; its merge is now the branch's head (`head`, `base`), to be
                   ///< verified before a push
    conflict,      ///< the base moved and does not merge cleanly; `files`
    proposed,      ///< `head`, which contains `base`, is on the remote as branch `propose`
    rejected,      ///< a guard or the server refuses: `rule`, `message`; trying again is of no use
  };
  Kind kind = Kind::rejected;
  Oid commit;
  Oid head;
  Oid base;
  std::vector<std::string> files;
  std::string rule;     ///< "protected-path", "ci-skip-token", "conflict-markers", "size",
                        ///< "foreign-commit", "unverified", "rewritten-base", "server"
  std::string message;  ///< one line for people
};

/// Writes git. Calls may come from several threads at once, for different repositories. All are
/// idempotent.
class WorkspaceWriter {
 public:
  virtual ~WorkspaceWriter() = default;
  /// Fetches, makes (or finds, or takes from the pool) the run's worktree on its branch, and runs
  /// setup once per lock-file hash. transient: remote gone, disk full, setup failed (an instance's
  /// failure); not_found: no base branch; denied.
  [[nodiscard]] virtual Result<Prepared> prepare(const Repo& repo, const Run& run) = 0;
  /// Guards, merges with the moved base, pushes with the expected old value; never forces.
  /// transient: lost race, network.
  [[nodiscard]] virtual Result<LandResult> land(const Repo& repo, const LandRequest& request) = 0;
  /// Keeps everything in the run's worktree and branch (commits, and a commit of dirty state) under
  /// refs/runner/rescue/<run> of the mirror. Returns the commit kept; empty if there was nothing
  /// that the remote does not have.
  [[nodiscard]] virtual Result<Oid> rescue(const Repo& repo, const Run& run) = 0;
  /// Rescues, then recycles the worktree into the pool or removes it. Done if there is none.
  [[nodiscard]] virtual Status release(const Repo& repo, const Run& run) = 0;
  /// A clean detached tree of `commit` for CI, made new; returns its absolute path.
  [[nodiscard]] virtual Result<std::string> commit_tree(const Repo& repo, const Oid& commit) = 0;
  [[nodiscard]] virtual Status drop_commit_tree(const Repo& repo, const Oid& commit) = 0;
  /// Removes a worktree directory that belongs to no live run: rescue ref first, then away.
  /// conflict if it is in use.
  [[nodiscard]] virtual Status remove_orphan(const WorktreeEntry& entry) = 0;
  /// Deletes the files of what was removed: removing only moves them out of sight. Ends after
  /// `patience`, the next call goes on. transient: something cannot be deleted.
  [[nodiscard]] virtual Status empty_trash(Duration patience) = 0;
};

}  // namespace jobs

#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jobs/ports/workspace.h"

namespace fakes {

using Files = std::map<std::string, std::string>;  ///< path -> content

/// Git in memory: remotes, commits with parents and files, one worktree per run, a pool. Small, but
/// it behaves: branches diverge, merges conflict by file, a push compares the old value, rescue
/// refs keep what would be lost. It is the outside world, so it stays while the program under test
/// is stopped and started again. Thread-safe.
class FakeWorkspace final : public jobs::WorkspaceReader, public jobs::WorkspaceWriter {
 public:
  /// One accepted push to the base branch of a remote; of a merge by the forge without `run`.
  struct Push {
    jobs::RepoName repo;
    jobs::RunId run;
    std::string branch;
    jobs::Oid from;
    jobs::Oid commit;
  };

  // The outside world.

  /// A remote at `url`; with a first commit on `base`, or empty if `base` is "".
  void add_remote(const std::string& url, const std::string& base = "main",
                  const Files& files = {{"README.md", "hello\n"}});
  void remove_remote(const std::string& url);
  /// An unreachable remote keeps what it has.
  void set_reachable(const std::string& url, bool reachable);
  /// A commit as anybody may read it.
  struct Seen {
    jobs::Oid id;
    std::vector<jobs::Oid> parents;
    std::string message;
  };
  /// Every commit that the branch of the remote contains, its head first.
  [[nodiscard]] std::vector<Seen> history(const std::string& url, const std::string& branch) const;
  /// Somebody else pushes to `branch`: sets these files. Returns the new head.
  jobs::Oid commit_on_remote(const std::string& url, const std::string& branch, const Files& files);
  /// The forge merges one branch into the other, where no file was changed on both sides. Returns
  /// the merge, empty if it did not.
  jobs::Oid merge_on_remote(const std::string& url, const std::string& into,
                            const std::string& branch, const std::string& message);
  /// Whether that would fail.
  [[nodiscard]] bool conflicts_on_remote(const std::string& url, const std::string& into,
                                         const std::string& branch);
  /// Somebody replaces the branch's history by a new first commit.
  jobs::Oid rewrite_remote(const std::string& url, const std::string& branch, const Files& files);
  [[nodiscard]] jobs::Oid remote_head(const std::string& url, const std::string& branch) const;
  [[nodiscard]] bool remote_contains(const std::string& url, const std::string& branch,
                                     const jobs::Oid& commit) const;
  [[nodiscard]] std::string remote_file(const std::string& url, const std::string& branch,
                                        const std::string& path) const;
  [[nodiscard]] std::vector<Push> pushes() const;

  // The agent in its worktree. A run that has no worktree is a failure of the test: an empty id
  // comes back.

  jobs::Oid commit(const jobs::RunId& run, const Files& files, const std::string& message = "work");
  /// The agent merges the base branch of the remote and resolves every conflict its own way.
  jobs::Oid merge_base(const jobs::RunId& run, const std::string& url, const std::string& base);
  void make_dirty(const jobs::RunId& run, const Files& files = {{"loose.txt", "loose\n"}});
  void delete_folder(const jobs::RunId& run);
  /// Something else than the worktree stands at its path, or its HEAD is elsewhere: observe says
  /// `problem`.
  void break_worktree(const jobs::RunId& run, const std::string& problem);
  [[nodiscard]] jobs::Oid rescued(const jobs::RunId& run) const;

  // Scripted failures.

  /// The next `times` calls of `method` ("prepare", "land", "observe", "remote_base", "rescue",
  /// "release", "commit_tree", "drop_commit_tree", "remove_orphan", "empty_trash", "list",
  /// "disk_free", "file_at") fail before they do anything.
  void fail_next(const std::string& method, const jobs::Error& error, int times = 1);
  /// The next `times` pushes lose a race: somebody pushed in between.
  void lose_race_next(int times = 1);
  /// The next push reaches the remote, but the answer is lost: land fails with transient although
  /// it landed.
  void lose_answer_next();
  /// Landings are refused by this rule until cleared with "".
  void refuse_landings(const std::string& rule, const std::string& message);
  void set_disk_free(std::int64_t bytes);
  [[nodiscard]] int calls(const std::string& method) const;

  // The ports.

  [[nodiscard]] jobs::Result<jobs::WorktreeFacts> observe(const jobs::Repo& repo,
                                                          const jobs::Run& run) override;
  [[nodiscard]] jobs::Result<jobs::Oid> remote_base(const jobs::Repo& repo) override;
  [[nodiscard]] jobs::Result<std::optional<std::string>> file_at(const jobs::Repo& repo,
                                                                 const jobs::Oid& commit,
                                                                 const std::string& path) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::WorktreeEntry>> list() override;
  [[nodiscard]] jobs::Result<std::int64_t> disk_free() override;

  [[nodiscard]] jobs::Result<jobs::Prepared> prepare(const jobs::Repo& repo,
                                                     const jobs::Run& run) override;
  [[nodiscard]] jobs::Result<jobs::LandResult> land(const jobs::Repo& repo,
                                                    const jobs::LandRequest& request) override;
  [[nodiscard]] jobs::Result<jobs::Oid> rescue(const jobs::Repo& repo,
                                               const jobs::Run& run) override;
  [[nodiscard]] jobs::Status release(const jobs::Repo& repo, const jobs::Run& run) override;
  [[nodiscard]] jobs::Result<std::string> commit_tree(const jobs::Repo& repo,
                                                      const jobs::Oid& commit) override;
  [[nodiscard]] jobs::Status drop_commit_tree(const jobs::Repo& repo,
                                              const jobs::Oid& commit) override;
  [[nodiscard]] jobs::Status remove_orphan(const jobs::WorktreeEntry& entry) override;
  [[nodiscard]] jobs::Status empty_trash(jobs::Duration patience) override;

 private:
  struct Commit {
    std::vector<jobs::Oid> parents;
    Files files;
    std::string message;
  };
  struct Slot {
    std::string path;
    jobs::RepoName repo;
    std::string run;  ///< "" = idle in the pool
    std::string branch;
    jobs::Oid base;
    bool folder = true;
    std::string problem;
    Files dirty;  ///< uncommitted content
  };
  using Ancestors = std::set<jobs::Oid>;

  [[nodiscard]] std::optional<jobs::Error> called(const std::string& method);
  [[nodiscard]] jobs::Oid store(Commit commit);
  [[nodiscard]] jobs::Oid tree_id(const Files& files) const;
  [[nodiscard]] Ancestors ancestors(const jobs::Oid& commit) const;
  [[nodiscard]] bool contains(const jobs::Oid& commit, const jobs::Oid& ancestor) const;
  [[nodiscard]] bool on_remote(const jobs::RepoName& repo, const jobs::Oid& commit) const;
  [[nodiscard]] jobs::Result<jobs::Oid> base_of(const jobs::Repo& repo) const;
  [[nodiscard]] Slot* slot_of(const std::string& run);
  [[nodiscard]] std::string branch_key(const jobs::RepoName& repo, const std::string& branch) const;
  [[nodiscard]] bool owns_branch(const jobs::RepoName& repo, const std::string& run,
                                 const std::string& branch) const;
  [[nodiscard]] jobs::Oid keep(const jobs::RepoName& repo, const std::string& run,
                               const std::string& branch);
  /// The files of `base` and `head` together; the paths that both changed stand in `conflicts`.
  [[nodiscard]] Files merged_files(const jobs::Oid& head, const jobs::Oid& base,
                                   std::vector<std::string>& conflicts);
  [[nodiscard]] jobs::Result<jobs::LandResult> merge_and_push(const jobs::Repo& repo,
                                                              const jobs::LandRequest& request,
                                                              const jobs::Oid& head,
                                                              const jobs::Oid& base);
  /// A later fix starts from what the base has; a branch that moved meanwhile stays.
  void move_branch_on(const jobs::Repo& repo, const jobs::Run& run, const jobs::Oid& head,
                      const jobs::Oid& commit);
  [[nodiscard]] std::optional<jobs::LandResult> guard(const jobs::Repo& repo, const jobs::Run& run,
                                                      const jobs::Oid& head,
                                                      const jobs::Oid& base) const;

  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, jobs::Oid>> remotes_;  ///< url -> branch -> head
  std::map<jobs::Oid, Commit> commits_;
  std::map<std::string, jobs::Oid> branches_;  ///< "repo\nbranch" in the checkouts
  std::map<std::string, jobs::Oid> rescued_;
  std::map<jobs::RepoName, std::string> urls_;  ///< of every repository that was prepared
  std::deque<Slot> slots_;
  int slots_made_ = 0;  ///< no path is given twice
  std::set<std::string> trees_;
  std::vector<Push> pushes_;
  std::map<std::string, std::pair<jobs::Error, int>> failures_;
  std::map<std::string, int> calls_;
  std::set<std::string> unreachable_;
  int races_ = 0;
  bool lose_answer_ = false;
  std::string refuse_rule_;
  std::string refuse_message_;
  std::int64_t disk_free_ = 100LL << 30;
};

}  // namespace fakes

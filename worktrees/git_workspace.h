#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/ports/workspace.h"
#include "worktrees/credentials.h"
#include "worktrees/inventory.h"

namespace worktrees {

class Web;

struct Options {
  std::string root;  ///< absolute; mirrors/, checkouts/, worktrees/, ci/, trash/, locks/, tmp/ are
                     ///< made below it
  jobs::Limits limits;        ///< disk_free_bytes, setup_deadline and the land_* guards are used
  jobs::Retention retention;  ///< pool_size is used
  std::function<void(std::string_view)>
      progress;                  ///< one line per step that may take long; may be empty
  CredentialSource credentials;  ///< may be empty
  Web* web = nullptr;            ///< outlives the workspace; none: all remotes through libgit2
  jobs::Duration lock_patience =
      std::chrono::minutes(10);  ///< how long to wait for another process on the same repository
};

/// Git through libgit2, per repository: a mirror that only we touch, a checkout that agents see,
/// and a pool of worktrees (docs/worktrees.md). Calls for different repositories may run at the
/// same time; writers of one repository wait for one another.
class GitWorkspace final : public jobs::WorkspaceReader, public jobs::WorkspaceWriter {
 public:
  /// `commands` and `filters` must outlive the workspace; without the latter no repository may have
  /// programs that make its files. Makes nothing on disk yet.
  GitWorkspace(Options options, jobs::CommandRunner& commands,
               jobs::FilterRunner* filters = nullptr);
  ~GitWorkspace() override;

  [[nodiscard]] jobs::Result<jobs::WorktreeFacts> observe(const jobs::Repo& repo,
                                                          const jobs::Run& run) override;
  [[nodiscard]] jobs::Result<jobs::Oid> remote_base(const jobs::Repo& repo) override;
  [[nodiscard]] jobs::Result<std::optional<std::string>> file_at(const jobs::Repo& repo,
                                                                 const jobs::Oid& commit,
                                                                 const std::string& path) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::WorktreeEntry>> list() override;
  [[nodiscard]] jobs::Result<std::int64_t> disk_free() override;
  /// list(), and what takes room besides.
  [[nodiscard]] std::vector<Holding> holdings() const;

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
  /// The context, once libgit2 is ready. That costs milliseconds (it reads every certificate of the
  /// machine), which a tick with nothing to do does not spend.
  struct Context& git();

  std::unique_ptr<struct Context> context_;
  std::once_flag begun_;
};

}  // namespace worktrees

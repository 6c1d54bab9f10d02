#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/model/run.h"
#include "worktrees/layout.h"

/// What the runner knows about a slot of the pool. Lies beside the worktree, not in it, where an
/// agent could forge it.
namespace worktrees {

struct Record {
  std::string slot;  ///< name of the folder
  std::string repo;
  std::string run;              ///< "" = idle
  std::string branch;           ///< "" = idle
  jobs::Oid base;               ///< commit the branch started from
  std::string setup;            ///< key of the setup that was completed here; "" = none
  std::string smudge;           ///< key of the programs that made its files (smudge.h); "" = none
  std::int64_t bytes = 0;       ///< of an idle one, with everything in it
  std::int64_t given_back = 0;  ///< grows with each release in the repository; 0 = never idle yet
  std::int64_t ignored = 0;     ///< of these bytes, those that are not of its commit
  std::vector<std::string> sparse;  ///< the folders that its files are of; none: all
  std::string trust;   ///< why the person who released its last issue was trusted (trust_of)
  bool ready = false;  ///< the files were written completely
};

/// Why whoever released the run's issue may do that: "name" (the manifest's `trusted`) or
/// "permission" (write on the tracker). A worktree is not handed on from one to the other.
[[nodiscard]] std::string trust_of(const jobs::Repo& repo, const jobs::Run& run);

[[nodiscard]] jobs::Result<std::optional<Record>> read_record(const Layout& layout,
                                                              const jobs::RepoName& repo,
                                                              std::string_view slot);
[[nodiscard]] jobs::Status write_record(const Layout& layout, const jobs::RepoName& repo,
                                        const Record& record);
[[nodiscard]] jobs::Status remove_record(const Layout& layout, const jobs::RepoName& repo,
                                         std::string_view slot);
/// All records of a repository, by slot. A damaged one counts as not there: its folder is an orphan
/// then.
[[nodiscard]] std::vector<Record> records(const Layout& layout, const jobs::RepoName& repo);
/// The slot of a run.
[[nodiscard]] std::optional<Record> record_of(const Layout& layout, const jobs::RepoName& repo,
                                              const jobs::RunId& run);

/// True unless another run's worktree stands on `branch`: only then may it be kept, moved or
/// deleted in the name of `run`.
[[nodiscard]] bool owns_branch(const Layout& layout, const jobs::RepoName& repo,
                               const jobs::RunId& run, const std::string& branch);

/// What the idle worktrees of all repositories hold, as far as it was looked at when they were
/// given back.
struct Idle {
  std::int64_t bytes = 0;
  int count = 0;
};
[[nodiscard]] Idle idle_worktrees(const Layout& layout);

/// The text of a record and back; pure. Nothing on damage.
[[nodiscard]] std::string record_text(const Record& record);
[[nodiscard]] std::optional<Record> parse_record(std::string_view text);

}  // namespace worktrees

#include <algorithm>
#include <utility>

#include "jobs/base/text.h"
#include "tests/fakes/fake_workspace.h"

// The reading port.
namespace fakes {

using jobs::Error;
using jobs::ErrorKind;
using jobs::Oid;
using jobs::Repo;
using jobs::Run;

jobs::Result<jobs::WorktreeFacts> FakeWorkspace::observe(const Repo& repo, const Run& run) {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("observe")) {
    return *error;
  }
  jobs::WorktreeFacts facts;
  const Slot* slot = slot_of(run.id.str());
  const auto branch = branches_.find(branch_key(repo.name, run.branch));
  if (slot != nullptr) {
    facts.problem = slot->folder ? slot->problem : "the worktree folder " + slot->path + " is gone";
    facts.exists = facts.problem.empty();
    facts.dirty = facts.exists && !slot->dirty.empty();
  }
  if (branch != branches_.end()) {
    facts.head = branch->second;
    facts.head_tree = tree_id(commits_[facts.head].files);
    const Oid base = !run.base.empty() || slot == nullptr ? run.base : slot->base;
    if (!base.empty()) {
      const Ancestors below = ancestors(base);
      for (const Oid& commit : ancestors(facts.head)) {
        facts.commits += below.contains(commit) ? 0 : 1;
      }
      facts.base_is_ancestor = contains(facts.head, base);
    }
  }
  return facts;
}

jobs::Result<Oid> FakeWorkspace::remote_base(const Repo& repo) {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("remote_base")) {
    return *error;
  }
  return base_of(repo);
}

jobs::Result<std::optional<std::string>> FakeWorkspace::file_at(const Repo& /*repo*/,
                                                                const Oid& commit,
                                                                const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("file_at")) {
    return *error;
  }
  const auto found = commits_.find(commit);
  if (found == commits_.end()) {
    return jobs::fail(ErrorKind::not_found, "cannot read the commit " + commit.str());
  }
  const auto file = found->second.files.find(path);
  if (file == found->second.files.end() || file->second.size() > (std::size_t{1} << 20)) {
    return std::optional<std::string>{};
  }
  return std::optional(file->second);
}

jobs::Result<std::vector<jobs::WorktreeEntry>> FakeWorkspace::list() {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("list")) {
    return *error;
  }
  std::vector<jobs::WorktreeEntry> entries;
  for (const Slot& slot : slots_) {
    if (slot.folder) {
      entries.push_back({.repo = slot.repo,
                         .path = slot.path,
                         .run = slot.run,
                         .branch = slot.branch,
                         .bytes = 1000});
    }
  }
  return entries;
}

jobs::Result<std::int64_t> FakeWorkspace::disk_free() {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("disk_free")) {
    return *error;
  }
  return disk_free_;
}

}  // namespace fakes

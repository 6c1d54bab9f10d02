// How the fake keeps work that is nowhere else, and takes worktrees back.
#include <algorithm>
#include <iterator>

#include "tests/fakes/fake_workspace.h"

namespace fakes {

using jobs::ErrorKind;
using jobs::Oid;
using jobs::Repo;
using jobs::Run;

/// A later attempt at an issue has a branch of the same name.
bool FakeWorkspace::owns_branch(const jobs::RepoName& repo, const std::string& run,
                                const std::string& branch) const {
  return std::ranges::none_of(slots_, [&](const Slot& slot) {
    return slot.repo == repo && slot.branch == branch && !slot.run.empty() && slot.run != run;
  });
}

Oid FakeWorkspace::keep(const jobs::RepoName& repo, const std::string& run,
                        const std::string& branch) {
  const Slot* slot = slot_of(run);
  const auto head = branches_.find(branch_key(repo, branch));
  Oid top = head == branches_.end() || !owns_branch(repo, run, branch) ? Oid() : head->second;
  const bool dirty = slot != nullptr && slot->folder && !slot->dirty.empty();
  const Oid existing = rescued_.contains(run) ? rescued_[run] : Oid();
  if (dirty) {
    Commit snapshot{{top.empty() ? slot->base : top}, slot->dirty, "kept"};
    const Files& below = commits_[snapshot.parents.front()].files;
    snapshot.files.insert(below.begin(), below.end());
    top = store(std::move(snapshot));
  } else if (top.empty() || on_remote(repo, top)) {
    return existing;
  }
  if (contains(existing, top)) {
    return existing;
  }
  if (!existing.empty() && !contains(top, existing)) {
    top = store({{top, existing}, commits_[top].files, "kept"});
  }
  rescued_[run] = top;
  return top;
}

jobs::Result<Oid> FakeWorkspace::rescue(const Repo& repo, const Run& run) {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("rescue")) {
    return *error;
  }
  return keep(repo.name, run.id.str(), run.branch);
}

jobs::Status FakeWorkspace::release(const Repo& repo, const Run& run) {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("release")) {
    return *error;
  }
  (void)keep(repo.name, run.id.str(), run.branch);
  if (owns_branch(repo.name, run.id.str(), run.branch)) {
    branches_.erase(branch_key(repo.name, run.branch));
  }
  const auto slot = std::ranges::find_if(
      slots_, [&](const Slot& each) { return !run.id.empty() && each.run == run.id.str(); });
  if (slot == slots_.end()) {
    return jobs::ok();
  }
  const bool idle = std::ranges::any_of(
      slots_, [&](const Slot& each) { return each.run.empty() && each.repo == repo.name; });
  if (idle || !slot->folder || !slot->problem.empty()) {
    slots_.erase(slot);
    return jobs::ok();
  }
  slot->run.clear();
  slot->branch.clear();
  return jobs::ok();
}

jobs::Status FakeWorkspace::remove_orphan(const jobs::WorktreeEntry& entry) {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("remove_orphan")) {
    return *error;
  }
  const auto slot =
      std::ranges::find_if(slots_, [&](const Slot& each) { return each.path == entry.path; });
  if (slot == slots_.end()) {
    return jobs::ok();
  }
  if (slot->run != entry.run) {
    return jobs::fail(ErrorKind::conflict, entry.path + " is in use by run " + slot->run + " now");
  }
  (void)keep(slot->repo, slot->run, slot->branch);
  branches_.erase(branch_key(slot->repo, slot->branch));
  slots_.erase(slot);
  return jobs::ok();
}

jobs::Status FakeWorkspace::empty_trash(jobs::Duration /*patience*/) {
  const std::lock_guard guard(mutex_);
  const auto error = called("empty_trash");
  return error ? jobs::Status(*error) : jobs::ok();
}

}  // namespace fakes

#include "tests/fakes/fake_workspace.h"

#include <algorithm>
#include <utility>

#include "jobs/base/sha256.h"
#include "jobs/base/text.h"

// The world outside, the agent, and scripted failures. The ports are in fake_workspace_read.cc and
// fake_workspace_write.cc.
namespace fakes {

using jobs::Error;
using jobs::ErrorKind;
using jobs::Oid;
using jobs::Repo;
using jobs::Run;

void FakeWorkspace::add_remote(const std::string& url, const std::string& base,
                               const Files& files) {
  const std::lock_guard guard(mutex_);
  auto& branches = remotes_[url];
  if (!base.empty()) {
    branches[base] = store({{}, files, "first"});
  }
}

void FakeWorkspace::remove_remote(const std::string& url) {
  const std::lock_guard guard(mutex_);
  remotes_.erase(url);
}

void FakeWorkspace::set_reachable(const std::string& url, bool reachable) {
  const std::lock_guard guard(mutex_);
  if (reachable) {
    unreachable_.erase(url);
  } else {
    unreachable_.insert(url);
  }
}

std::vector<FakeWorkspace::Seen> FakeWorkspace::history(const std::string& url,
                                                        const std::string& branch) const {
  const Oid head = remote_head(url, branch);
  const std::lock_guard guard(mutex_);
  std::vector<Seen> seen;
  for (const Oid& id : ancestors(head)) {
    const Commit& commit = commits_.at(id);
    seen.insert(id == head ? seen.begin() : seen.end(), {id, commit.parents, commit.message});
  }
  return seen;
}

Oid FakeWorkspace::commit_on_remote(const std::string& url, const std::string& branch,
                                    const Files& files) {
  const std::lock_guard guard(mutex_);
  Oid& head = remotes_[url][branch];
  Commit commit{{}, files, "somebody else's work"};
  if (!head.empty()) {
    commit.parents = {head};
    commit.files.insert(commits_[head].files.begin(), commits_[head].files.end());
  }
  head = store(std::move(commit));
  return head;
}

Oid FakeWorkspace::rewrite_remote(const std::string& url, const std::string& branch,
                                  const Files& files) {
  const std::lock_guard guard(mutex_);
  remotes_[url][branch] = store({{}, files, "rewritten"});
  return remotes_[url][branch];
}

Oid FakeWorkspace::remote_head(const std::string& url, const std::string& branch) const {
  const std::lock_guard guard(mutex_);
  const auto remote = remotes_.find(url);
  if (remote == remotes_.end() || !remote->second.contains(branch)) {
    return {};
  }
  return remote->second.at(branch);
}

bool FakeWorkspace::remote_contains(const std::string& url, const std::string& branch,
                                    const Oid& commit) const {
  const Oid head = remote_head(url, branch);
  const std::lock_guard guard(mutex_);
  return contains(head, commit);
}

std::string FakeWorkspace::remote_file(const std::string& url, const std::string& branch,
                                       const std::string& path) const {
  const Oid head = remote_head(url, branch);
  const std::lock_guard guard(mutex_);
  const auto commit = commits_.find(head);
  if (commit == commits_.end() || !commit->second.files.contains(path)) {
    return {};
  }
  return commit->second.files.at(path);
}

std::vector<FakeWorkspace::Push> FakeWorkspace::pushes() const {
  const std::lock_guard guard(mutex_);
  return pushes_;
}

Oid FakeWorkspace::commit(const jobs::RunId& run, const Files& files, const std::string& message) {
  const std::lock_guard guard(mutex_);
  Slot* slot = slot_of(run.str());
  if (slot == nullptr || !slot->folder) {
    return {};
  }
  Oid& head = branches_[branch_key(slot->repo, slot->branch)];
  Commit commit{{head}, files, message};
  commit.files.insert(slot->dirty.begin(), slot->dirty.end());
  commit.files.insert(commits_[head].files.begin(), commits_[head].files.end());
  slot->dirty.clear();
  head = store(std::move(commit));
  return head;
}

Oid FakeWorkspace::merge_base(const jobs::RunId& run, const std::string& url,
                              const std::string& base) {
  const Oid theirs = remote_head(url, base);
  const std::lock_guard guard(mutex_);
  Slot* slot = slot_of(run.str());
  if (slot == nullptr || !slot->folder || theirs.empty()) {
    return {};
  }
  Oid& head = branches_[branch_key(slot->repo, slot->branch)];
  Commit commit{{head, theirs}, commits_[head].files, "merge of the base by the agent"};
  commit.files.insert(commits_[theirs].files.begin(), commits_[theirs].files.end());
  head = store(std::move(commit));
  return head;
}

void FakeWorkspace::make_dirty(const jobs::RunId& run, const Files& files) {
  const std::lock_guard guard(mutex_);
  if (Slot* slot = slot_of(run.str())) {
    slot->dirty = files;
  }
}

void FakeWorkspace::delete_folder(const jobs::RunId& run) {
  const std::lock_guard guard(mutex_);
  if (Slot* slot = slot_of(run.str())) {
    slot->folder = false;
    slot->dirty.clear();
  }
}

void FakeWorkspace::break_worktree(const jobs::RunId& run, const std::string& problem) {
  const std::lock_guard guard(mutex_);
  if (Slot* slot = slot_of(run.str())) {
    slot->problem = problem;
  }
}

Oid FakeWorkspace::rescued(const jobs::RunId& run) const {
  const std::lock_guard guard(mutex_);
  const auto kept = rescued_.find(run.str());
  return kept == rescued_.end() ? Oid() : kept->second;
}

void FakeWorkspace::fail_next(const std::string& method, const Error& error, int times) {
  const std::lock_guard guard(mutex_);
  failures_[method] = {error, times};
}

void FakeWorkspace::lose_race_next(int times) {
  const std::lock_guard guard(mutex_);
  races_ = times;
}

void FakeWorkspace::lose_answer_next() {
  const std::lock_guard guard(mutex_);
  lose_answer_ = true;
}

void FakeWorkspace::refuse_landings(const std::string& rule, const std::string& message) {
  const std::lock_guard guard(mutex_);
  refuse_rule_ = rule;
  refuse_message_ = message;
}

void FakeWorkspace::set_disk_free(std::int64_t bytes) {
  const std::lock_guard guard(mutex_);
  disk_free_ = bytes;
}

int FakeWorkspace::calls(const std::string& method) const {
  const std::lock_guard guard(mutex_);
  const auto count = calls_.find(method);
  return count == calls_.end() ? 0 : count->second;
}

std::optional<Error> FakeWorkspace::called(const std::string& method) {
  ++calls_[method];
  const auto failure = failures_.find(method);
  if (failure == failures_.end() || failure->second.second <= 0) {
    return std::nullopt;
  }
  --failure->second.second;
  return failure->second.first;
}

Oid FakeWorkspace::tree_id(const Files& files) const {
  std::string text = "tree";
  for (const auto& [path, content] : files) {
    text += '\0' + path + '\0' + std::to_string(content.size()) + '\0' + content;
  }
  return Oid(jobs::sha256_hex(text).substr(0, 40));
}

Oid FakeWorkspace::store(Commit commit) {
  std::string text = "commit" + tree_id(commit.files).str() + commit.message;
  for (const Oid& parent : commit.parents) {
    text += '\0' + parent.str();
  }
  const Oid id(jobs::sha256_hex(text).substr(0, 40));
  commits_[id] = std::move(commit);
  return id;
}

FakeWorkspace::Ancestors FakeWorkspace::ancestors(const Oid& commit) const {
  Ancestors seen;
  std::vector<Oid> stack{commit};
  while (!stack.empty()) {
    const Oid next = stack.back();
    stack.pop_back();
    const auto found = commits_.find(next);
    if (found != commits_.end() && seen.insert(next).second) {
      stack.insert(stack.end(), found->second.parents.begin(), found->second.parents.end());
    }
  }
  return seen;
}

bool FakeWorkspace::contains(const Oid& commit, const Oid& ancestor) const {
  return ancestors(commit).contains(ancestor);
}

bool FakeWorkspace::on_remote(const jobs::RepoName& repo, const Oid& commit) const {
  // Commits are named by what is in them: that of another repository may bear the same name.
  const auto url = urls_.find(repo);
  const auto remote = url == urls_.end() ? remotes_.end() : remotes_.find(url->second);
  return remote != remotes_.end() && std::ranges::any_of(remote->second, [&](const auto& branch) {
           return contains(branch.second, commit);
         });
}

jobs::Result<Oid> FakeWorkspace::base_of(const Repo& repo) const {
  const auto remote = remotes_.find(repo.remote);
  if (remote == remotes_.end() || unreachable_.contains(repo.remote)) {
    return jobs::fail(ErrorKind::transient,
                      "cannot reach the remote " + repo.remote + ": it does not exist");
  }
  if (remote->second.empty()) {
    return jobs::fail(ErrorKind::not_found,
                      "the remote has no branches: " + repo.remote + " is empty");
  }
  const auto branch = remote->second.find(repo.base);
  if (branch != remote->second.end()) {
    return branch->second;
  }
  std::vector<std::string> names;
  std::string listed;
  for (const auto& [name, head] : remote->second) {
    names.push_back(name);
    listed += (listed.empty() ? "" : ", ") + name;
  }
  const std::string meant = jobs::did_you_mean(repo.base, names);
  return jobs::fail(ErrorKind::not_found,
                    repo.remote + " has no branch '" + repo.base + "'; it has: " + listed,
                    meant.empty() ? "" : "did you mean '" + meant + "'?");
}

FakeWorkspace::Slot* FakeWorkspace::slot_of(const std::string& run) {
  const auto slot = std::ranges::find_if(
      slots_, [&](const Slot& each) { return !run.empty() && each.run == run; });
  return slot == slots_.end() ? nullptr : &*slot;
}

std::string FakeWorkspace::branch_key(const jobs::RepoName& repo, const std::string& branch) const {
  return repo.str() + "\n" + branch;
}

void FakeWorkspace::move_branch_on(const Repo& repo, const Run& run, const Oid& head,
                                   const Oid& commit) {
  const auto branch = branches_.find(branch_key(repo.name, run.branch));
  if (branch != branches_.end() && branch->second == head) {
    branch->second = commit;
  }
}

}  // namespace fakes

#include <algorithm>
#include <utility>

#include "tests/fakes/fake_workspace.h"

// The writing port of FakeWorkspace.
namespace fakes {

using jobs::ErrorKind;
using jobs::LandRequest;
using jobs::LandResult;
using jobs::Oid;
using jobs::Repo;
using jobs::Run;

namespace {

LandResult rejected(const std::string& rule, const std::string& message) {
  LandResult result{.kind = LandResult::Kind::rejected};
  result.rule = rule;
  result.message = message;
  return result;
}

bool is_protected(const Repo& repo, const std::string& path) {
  return std::ranges::any_of(repo.protected_paths, [&](const std::string& glob) {
    return glob == path ||
           (glob.ends_with("/**") && path.starts_with(glob.substr(0, glob.size() - 2)));
  });
}

std::string value_at(const Files& files, const std::string& path) {
  const auto found = files.find(path);
  return found == files.end() ? std::string() : "=" + found->second;
}

}  // namespace

jobs::Result<jobs::Prepared> FakeWorkspace::prepare(const Repo& repo, const Run& run) {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("prepare")) {
    return *error;
  }
  if (!run.branch.starts_with("runner/") ||
      run.branch.find_first_of(" ~^:?*[\\") != std::string::npos ||
      run.branch.find("..") != std::string::npos) {
    return jobs::fail(ErrorKind::usage, "'" + run.branch + "' is not a branch of the runner");
  }
  urls_[repo.name] = repo.remote;
  if (Slot* slot = slot_of(run.id.str())) {
    if (!slot->problem.empty()) {
      return jobs::fail(ErrorKind::conflict, slot->problem);
    }
    const bool there = std::exchange(slot->folder, true);
    return jobs::Prepared{.path = slot->path, .base = slot->base, .recycled = there};
  }
  auto base = base_of(repo);
  if (!base) {
    return base.error();
  }
  const std::string key = branch_key(repo.name, run.branch);
  for (Slot& other : slots_) {
    if (!other.run.empty() && other.repo == repo.name && other.branch == run.branch) {
      (void)keep(repo.name, other.run, other.branch);
      other.branch.clear();
    }
  }
  if (branches_.contains(key)) {
    (void)keep(repo.name, "branch-" + branches_[key].str().substr(0, 16), run.branch);
  }
  auto slot = std::ranges::find_if(
      slots_, [&](const Slot& each) { return each.run.empty() && each.repo == repo.name; });
  const bool recycled = slot != slots_.end();
  if (!recycled) {
    if (disk_free_ < (1LL << 20)) {
      return jobs::fail(ErrorKind::transient, "not enough disk space for a worktree: " +
                                                  std::to_string(disk_free_) + " bytes free");
    }
    slots_.push_back(
        {.path = "/fake/worktrees/" + repo.name.str() + "/w" + std::to_string(++slots_made_),
         .repo = repo.name});
    slot = std::prev(slots_.end());
  }
  slot->run = run.id.str();
  slot->branch = run.branch;
  slot->base = *base;
  slot->dirty.clear();
  branches_[key] = *base;
  return jobs::Prepared{.path = slot->path, .base = *base, .recycled = recycled};
}

std::optional<LandResult> FakeWorkspace::guard(const Repo& repo, const Run& run, const Oid& head,
                                               const Oid& base) const {
  if (run.verified_tree.empty() || tree_id(commits_.at(head).files) != run.verified_tree) {
    return rejected("unverified", "the tree of the head is not the one that was verified");
  }
  if (!run.base.empty() && (!contains(head, run.base) || !contains(base, run.base))) {
    return rejected("rewritten-base", "the base " + run.base.str() + " is not contained any more");
  }
  const Ancestors known = ancestors(base);
  int own = 0;
  for (const Oid& id : ancestors(head)) {
    if (known.contains(id)) {
      continue;
    }
    ++own;
    const Commit& commit = commits_.at(id);
    if (commit.message.find("[skip ci]") != std::string::npos) {
      return rejected("ci-skip-token", "the message of commit " + id.str() + " says [skip ci]");
    }
    if (commit.parents.size() != 1) {
      continue;
    }
    const Files& before = commits_.at(commit.parents.front()).files;
    for (const auto& [path, content] : commit.files) {
      if (value_at(before, path) != "=" + content && is_protected(repo, path)) {
        return rejected("protected-path", path + " is protected");
      }
    }
  }
  if (own == 0) {
    return rejected("foreign-commit", "the branch has no commits of its own");
  }
  if (!refuse_rule_.empty()) {
    return rejected(refuse_rule_, refuse_message_);
  }
  return std::nullopt;
}

jobs::Result<LandResult> FakeWorkspace::land(const Repo& repo, const LandRequest& request) {
  RUNNER_TRY(jobs::ask(request.still_ours));
  const std::lock_guard lock(mutex_);
  if (const auto error = called("land")) {
    return *error;
  }
  auto base = base_of(repo);
  if (!base) {
    return base.error();
  }
  const Run& run = request.run;
  const auto branch = branches_.find(branch_key(repo.name, run.branch));
  const Oid branch_head = branch == branches_.end() ? Oid() : branch->second;
  const Oid head = run.head.empty() ? branch_head : run.head;
  if (!commits_.contains(head)) {
    return rejected("unverified", "the branch is gone and no head of it was recorded");
  }
  if (!request.merged.empty()) {
    if (!contains(*base, request.merged)) {
      return jobs::fail(ErrorKind::transient, "what was merged is not on the base yet");
    }
    branches_[branch_key(repo.name, run.branch)] = request.merged;
    LandResult result{.kind = LandResult::Kind::landed};
    result.commit = request.merged;
    result.head = head;
    result.base = *base;
    return result;
  }
  if (!branch_head.empty() && branch_head != head) {
    // Our merge of the base, or the landed commit that the branch moved on to.
    const Commit& top = commits_[branch_head];
    const bool our_merge = top.parents.size() == 2 &&
                           std::ranges::find(top.parents, head) != top.parents.end() &&
                           (top.message == "merge for " + run.id.str() ||
                            top.message.ends_with("Runner-Run: " + run.id.str() + "\n"));
    if (!our_merge) {
      return rejected("unverified", "the branch moved on after it was verified");
    }
  }
  if (head != run.base && contains(*base, head)) {
    Oid commit = *base;
    while (commit != head && !commits_[commit].parents.empty() &&
           contains(commits_[commit].parents.front(), head)) {
      commit = commits_[commit].parents.front();
    }
    move_branch_on(repo, run, head, commit);
    LandResult result{.kind = LandResult::Kind::landed};
    result.commit = commit;
    result.head = head;
    result.base = *base;
    return result;
  }
  if (auto refused = guard(repo, run, head, *base)) {
    return *refused;
  }
  return merge_and_push(repo, request, head, *base);
}

Files FakeWorkspace::merged_files(const Oid& head, const Oid& base,
                                  std::vector<std::string>& conflicts) {
  Files merged = commits_[head].files;
  if (contains(head, base)) {
    return merged;
  }
  // The newest common ancestor: the one that all others are below of.
  const Ancestors ours = ancestors(head);
  Oid common;
  for (const Oid& each : ancestors(base)) {
    if (ours.contains(each) && (common.empty() || contains(each, common))) {
      common = each;
    }
  }
  const Files before = common.empty() ? Files{} : commits_[common].files;
  const Files& theirs = commits_[base].files;
  std::set<std::string> paths;
  for (const Files* side : {&before, &theirs}) {
    for (const auto& [path, content] : *side) {
      paths.insert(path);
    }
  }
  for (const std::string& path : paths) {
    const std::string old_value = value_at(before, path);
    const std::string their_value = value_at(theirs, path);
    const std::string our_value = value_at(merged, path);
    if (their_value == old_value || their_value == our_value) {
      continue;
    }
    if (our_value != old_value) {
      conflicts.push_back(path);
    } else if (their_value.empty()) {
      merged.erase(path);
    } else {
      merged[path] = their_value.substr(1);
    }
  }
  return merged;
}

Oid FakeWorkspace::merge_on_remote(const std::string& url, const std::string& into,
                                   const std::string& branch, const std::string& message) {
  const std::lock_guard lock(mutex_);
  auto& branches = remotes_[url];
  const Oid head = branches[branch];
  const Oid base = branches[into];
  std::vector<std::string> conflicts;
  const Files files = merged_files(head, base, conflicts);
  if (!conflicts.empty()) {
    return {};
  }
  branches[into] = store({{base, head}, files, message});
  for (const auto& [name, known] : urls_) {
    if (known == url) {
      pushes_.push_back({name, {}, into, base, branches[into]});
    }
  }
  return branches[into];
}

bool FakeWorkspace::conflicts_on_remote(const std::string& url, const std::string& into,
                                        const std::string& branch) {
  const std::lock_guard lock(mutex_);
  auto& branches = remotes_[url];
  std::vector<std::string> conflicts;
  (void)merged_files(branches[branch], branches[into], conflicts);
  return !conflicts.empty();
}

jobs::Result<LandResult> FakeWorkspace::merge_and_push(const Repo& repo, const LandRequest& request,
                                                       const Oid& head, const Oid& base) {
  const Run& run = request.run;
  LandResult result{.kind = LandResult::Kind::conflict};
  result.head = head;
  result.base = base;
  const Files merged = merged_files(head, base, result.files);
  if (!result.files.empty()) {
    result.message = "the base moved and does not merge cleanly";
    return result;
  }
  if (tree_id(merged) != run.verified_tree) {
    (void)keep(repo.name, run.id.str(), run.branch);
    const Oid merge = store({{head, base}, merged, "merge for " + run.id.str()});
    branches_[branch_key(repo.name, run.branch)] = merge;
    if (Slot* slot = slot_of(run.id.str())) {
      slot->dirty.clear();
    }
    result.kind = LandResult::Kind::needs_verify;
    result.head = merge;
    return result;
  }
  if (!request.propose.empty()) {
    Oid& branch = remotes_[repo.remote][request.propose];
    if (!branch.empty() && !contains(head, branch)) {
      return rejected("foreign-commit", "somebody pushed to " + request.propose);
    }
    branch = head;
    if (std::exchange(lose_answer_, false)) {
      return jobs::fail(ErrorKind::transient, "cannot push to " + repo.remote + ": reset");
    }
    result.kind = LandResult::Kind::proposed;
    return result;
  }
  Oid& remote = remotes_[repo.remote][repo.base];
  if (races_ > 0) {
    --races_;
    remote = store({{remote}, commits_[remote].files, "race " + std::to_string(races_)});
    return jobs::fail(ErrorKind::transient,
                      "lost a race: branch " + repo.base + " moved while we pushed");
  }
  const Oid landing = store(
      {{base, head}, merged, "Merge " + run.branch + "\n\nRunner-Run: " + run.id.str() + "\n"});
  pushes_.push_back({repo.name, run.id, repo.base, remote, landing});
  remote = landing;
  if (std::exchange(lose_answer_, false)) {
    return jobs::fail(ErrorKind::transient, "cannot push to " + repo.remote + ": connection reset");
  }
  move_branch_on(repo, run, head, landing);
  result.kind = LandResult::Kind::landed;
  result.commit = landing;
  return result;
}

jobs::Result<std::string> FakeWorkspace::commit_tree(const Repo& repo, const Oid& commit) {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("commit_tree")) {
    return *error;
  }
  if (!commits_.contains(commit)) {
    return jobs::fail(ErrorKind::not_found, "cannot read the commit " + commit.str());
  }
  const std::string path = "/fake/ci/" + repo.name.str() + "/" + commit.str();
  trees_.insert(path);
  return path;
}

jobs::Status FakeWorkspace::drop_commit_tree(const Repo& repo, const Oid& commit) {
  const std::lock_guard guard(mutex_);
  if (const auto error = called("drop_commit_tree")) {
    return *error;
  }
  trees_.erase("/fake/ci/" + repo.name.str() + "/" + commit.str());
  return jobs::ok();
}

}  // namespace fakes

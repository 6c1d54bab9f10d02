#include "worktrees/land_merge.h"

#include <algorithm>

#include <fmt/core.h>

#include "worktrees/commits.h"
#include "worktrees/git_error.h"
#include "worktrees/git_handles.h"
#include "worktrees/mirror.h"

namespace worktrees {

using jobs::Oid;

namespace {

constexpr std::size_t kMostSteps = 100'000;

}  // namespace

jobs::Result<Oid> landing_commit(git_repository* mirror, const Oid& remote_base, const Oid& head) {
  Oid found = remote_base;
  for (std::size_t steps = 0; steps < kMostSteps && found != head; ++steps) {
    RUNNER_ASSIGN(const CommitFacts facts, read_commit(mirror, found));
    if (facts.parents.empty() || !contains(mirror, facts.parents.front(), head)) {
      break;
    }
    found = facts.parents.front();
  }
  return found;
}

jobs::Result<Oid> merged_tree(git_repository* mirror, const Oid& ours, const Oid& theirs,
                              std::vector<std::string>& files) {
  RUNNER_ASSIGN(const git_oid our_id, parse_oid(ours));
  RUNNER_ASSIGN(const git_oid their_id, parse_oid(theirs));
  Commit our_commit;
  Commit their_commit;
  Index index;
  git_merge_options options = GIT_MERGE_OPTIONS_INIT;
  int code = git_commit_lookup(into(our_commit), mirror, &our_id);
  code = code < 0 ? code : git_commit_lookup(into(their_commit), mirror, &their_id);
  code = code < 0 ? code
                  : git_merge_commits(into(index), mirror, our_commit.get(), their_commit.get(),
                                      &options);
  if (code < 0) {
    return git_failure(code, fmt::format("cannot merge {} and {}", ours.str(), theirs.str()));
  }
  if (git_index_has_conflicts(index.get()) != 0) {
    ConflictIterator iterator;
    code = git_index_conflict_iterator_new(into(iterator), index.get());
    const git_index_entry* ancestor = nullptr;
    const git_index_entry* our_entry = nullptr;
    const git_index_entry* their_entry = nullptr;
    while (code >= 0 &&
           git_index_conflict_next(&ancestor, &our_entry, &their_entry, iterator.get()) == 0) {
      const git_index_entry* any = our_entry != nullptr     ? our_entry
                                   : their_entry != nullptr ? their_entry
                                                            : ancestor;
      if (any != nullptr) {
        files.emplace_back(any->path);
      }
    }
    std::ranges::sort(files);
    files.erase(std::ranges::unique(files).begin(), files.end());
    return Oid();
  }
  git_oid tree{};
  if (code = git_index_write_tree_to(&tree, index.get(), mirror); code < 0) {
    return git_failure(code, "cannot write the merged tree");
  }
  return to_oid(tree);
}

}  // namespace worktrees

#include "worktrees/commits.h"

#include <chrono>
#include <set>
#include <string_view>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/git_error.h"

namespace worktrees {
namespace {

constexpr std::size_t kLongestCommit = 1U << 20U;

jobs::Error too_many(std::size_t most, std::string_view above) {
  return jobs::fail(jobs::ErrorKind::conflict,
                    fmt::format("more than {} commits above {}", most, above));
}

}  // namespace

jobs::Result<jobs::Oid> write_commit(git_repository* repository, const NewCommit& commit) {
  RUNNER_ASSIGN(const git_oid tree_id, parse_oid(commit.tree));
  Tree tree;
  Signature who;
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(commit.at).time_since_epoch().count();
  int code = git_tree_lookup(into(tree), repository, &tree_id);
  code = code < 0
             ? code
             : git_signature_new(into(who), commit.name.c_str(), commit.email.c_str(), seconds, 0);
  std::vector<Commit> parents(commit.parents.size());
  std::vector<const git_commit*> raw;
  for (std::size_t i = 0; code >= 0 && i < commit.parents.size(); ++i) {
    RUNNER_ASSIGN(const git_oid id, parse_oid(commit.parents[i]));
    code = git_commit_lookup(into(parents[i]), repository, &id);
    raw.push_back(parents[i].get());
  }
  git_oid id{};
  code = code < 0 ? code
                  : git_commit_create(&id, repository, nullptr, who.get(), who.get(), nullptr,
                                      commit.message.c_str(), tree.get(), raw.size(), raw.data());
  if (code < 0) {
    return git_failure(code, "cannot write a commit");
  }
  return to_oid(id);
}

jobs::Result<CommitFacts> read_commit(git_repository* repository, const jobs::Oid& commit) {
  RUNNER_ASSIGN(const git_oid id, parse_oid(commit));
  Commit found;
  if (const int code = git_commit_lookup(into(found), repository, &id); code < 0) {
    return git_failure(code, fmt::format("cannot read the commit {}", commit.str()));
  }
  CommitFacts facts{.id = commit, .tree = to_oid(*git_commit_tree_id(found.get()))};
  for (unsigned i = 0; i < git_commit_parentcount(found.get()); ++i) {
    facts.parents.push_back(to_oid(*git_commit_parent_id(found.get(), i)));
  }
  const char* message = git_commit_message_raw(found.get());
  facts.message = message == nullptr ? "" : message;
  facts.at = jobs::TimePoint(std::chrono::seconds(git_commit_time(found.get())));
  return facts;
}

jobs::Result<std::string> long_commit(git_odb* odb, const git_oid& id) {
  size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (const int code = git_odb_read_header(&size, &type, odb, &id); code < 0) {
    return git_failure(code, fmt::format("cannot read the commit {}", to_hex(id)));
  }
  return size <= kLongestCommit
             ? std::string()
             : fmt::format("the commit {} has {} bytes, at most {} are taken over", to_hex(id),
                           size, kLongestCommit);
}

jobs::Result<std::string> long_commit_below(git_repository* repository, git_repository* known,
                                            const jobs::Oid& top, std::size_t most) {
  Odb odb;
  Odb ours;
  int code = git_repository_odb(into(odb), repository);
  code = code < 0 ? code : git_repository_odb(into(ours), known);
  if (code < 0) {
    return git_failure(code, "cannot open the object database");
  }
  std::set<std::string> seen{top.str()};
  std::vector<jobs::Oid> left{top};
  while (!left.empty()) {
    RUNNER_ASSIGN(const git_oid id, parse_oid(left.back()));
    left.pop_back();
    if (git_odb_exists(ours.get(), &id) == 1) {
      continue;
    }
    if (seen.size() > most) {
      return too_many(most, "what was fetched");
    }
    RUNNER_ASSIGN(std::string too_long, long_commit(odb.get(), id));
    if (!too_long.empty()) {
      return too_long;
    }
    RUNNER_ASSIGN(const CommitFacts facts, read_commit(repository, to_oid(id)));
    for (const jobs::Oid& parent : facts.parents) {
      if (seen.insert(parent.str()).second) {
        left.push_back(parent);
      }
    }
  }
  return std::string();
}

jobs::Result<std::vector<jobs::Oid>> commits_between(git_repository* repository,
                                                     const jobs::Oid& include,
                                                     const std::vector<jobs::Oid>& exclude,
                                                     std::size_t most) {
  Revwalk walk;
  RUNNER_ASSIGN(const git_oid top, parse_oid(include));
  int code = git_revwalk_new(into(walk), repository);
  code = code < 0 ? code : git_revwalk_push(walk.get(), &top);
  for (const jobs::Oid& oid : exclude) {
    RUNNER_ASSIGN(const git_oid id, parse_oid(oid));
    code = code < 0 ? code : git_revwalk_hide(walk.get(), &id);
  }
  std::vector<jobs::Oid> found;
  git_oid id{};
  while (code >= 0 && (code = git_revwalk_next(&id, walk.get())) == 0) {
    if (found.size() == most) {
      return too_many(most, exclude.empty() ? "nothing" : exclude.front().str());
    }
    found.push_back(to_oid(id));
  }
  if (code < 0 && code != GIT_ITEROVER) {
    return git_failure(code, fmt::format("cannot walk the commits of {}", include.str()));
  }
  return found;
}

}  // namespace worktrees

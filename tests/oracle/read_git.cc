#include "tests/oracle/read_git.h"

#include <filesystem>
#include <memory>
#include <stdexcept>

#include <git2.h>

namespace oracle {

namespace {

namespace fs = std::filesystem;

template <auto free_it>
struct Free {
  template <typename T>
  void operator()(T* each) const {
    free_it(each);
  }
};
using Repository = std::unique_ptr<git_repository, Free<git_repository_free>>;
using Iterator = std::unique_ptr<git_reference_iterator, Free<git_reference_iterator_free>>;
using Reference = std::unique_ptr<git_reference, Free<git_reference_free>>;
using Walk = std::unique_ptr<git_revwalk, Free<git_revwalk_free>>;
using Commit = std::unique_ptr<git_commit, Free<git_commit_free>>;

void check(int status, const std::string& what) {
  if (status < 0) {
    const git_error* error = git_error_last();
    throw std::runtime_error("the oracle cannot read git: " + what + ": " +
                             (error == nullptr ? "?" : error->message));
  }
}

/// Once for the whole program, and never given back: each first use reads all certificates of the
/// machine, which takes longer than everything that is looked at here.
void use_library() {
  static const int uses = git_libgit2_init();
  check(uses, "libgit2");
}

std::string text(const git_oid* id) {
  char buffer[GIT_OID_HEXSZ + 1];
  return git_oid_tostr(buffer, sizeof buffer, id);
}

Repository open_repository(const std::string& path) {
  git_repository* raw = nullptr;
  check(git_repository_open_bare(&raw, path.c_str()), path);
  return Repository(raw);
}

std::map<std::string, std::string> refs_of(git_repository* repository) {
  std::map<std::string, std::string> result;
  git_reference_iterator* raw = nullptr;
  check(git_reference_iterator_new(&raw, repository), "references");
  const Iterator all(raw);
  git_reference* each = nullptr;
  while (git_reference_next(&each, all.get()) == 0) {
    const Reference reference(each);
    git_oid id;
    if (git_reference_name_to_id(&id, repository, git_reference_name(each)) == 0) {
      result[git_reference_name(each)] = text(&id);
    }
  }
  return result;
}

}  // namespace

RemoteSeen read_remote(const std::string& path, const std::string& base_branch) {
  use_library();
  RemoteSeen seen;
  if (!fs::exists(path)) {
    return seen;
  }
  const Repository repository = open_repository(path);
  seen.refs = refs_of(repository.get());
  const auto base = seen.refs.find("refs/heads/" + base_branch);
  if (base == seen.refs.end()) {
    return seen;
  }
  git_revwalk* raw = nullptr;
  check(git_revwalk_new(&raw, repository.get()), "history");
  const Walk walk(raw);
  git_oid id;
  check(git_oid_fromstr(&id, base->second.c_str()), "base");
  check(git_revwalk_push(raw, &id), "base");
  check(git_revwalk_sorting(raw, GIT_SORT_TOPOLOGICAL), "sorting");
  while (git_revwalk_next(&id, raw) == 0) {
    git_commit* found = nullptr;
    check(git_commit_lookup(&found, repository.get(), &id), "commit " + text(&id));
    const Commit commit(found);
    CommitSeen one;
    one.id = text(&id);
    one.message = git_commit_message(found);
    for (unsigned parent = 0; parent < git_commit_parentcount(found); ++parent) {
      one.parents.push_back(text(git_commit_parent_id(found, parent)));
    }
    seen.base.push_back(std::move(one));
  }
  return seen;
}

std::vector<std::string> read_rescue_refs(const std::string& state_dir) {
  use_library();
  std::vector<std::string> result;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(state_dir + "/mirrors", error)) {
    git_repository* raw = nullptr;
    if (git_repository_open_bare(&raw, entry.path().c_str()) != 0) {
      continue;  // on its way into place, or left by a death: no ref of ours is in there
    }
    const Repository repository(raw);
    for (const auto& [name, id] : refs_of(raw)) {
      if (name.starts_with("refs/runner/rescue/")) {
        result.push_back(name);
      }
    }
  }
  return result;
}

}  // namespace oracle

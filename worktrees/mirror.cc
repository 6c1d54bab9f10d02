#include "worktrees/mirror.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <fmt/core.h>
#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/safe_fs.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;

jobs::Status configure(git_repository* mirror) {
  Config config;
  int code = git_repository_config(into(config), mirror);
  code = code < 0 ? code : git_config_set_bool(config.get(), "core.protectHFS", 1);
  code = code < 0 ? code : git_config_set_bool(config.get(), "core.protectNTFS", 1);
  code = code < 0 ? code : git_config_set_int32(config.get(), "gc.auto", 0);
  if (code < 0) {
    return git_failure(code, "cannot configure a new mirror");
  }
  return jobs::ok();
}

jobs::Status make_mirror(const Layout& layout, const std::string& path) {
  RUNNER_TRY(make_directories(layout.root + "/mirrors"));
  const std::string temporary = unique_name(path + ".new");
  {
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags =
        GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR | GIT_REPOSITORY_INIT_NO_REINIT;
    options.initial_head = "main";
    Repository mirror;
    if (const int code = git_repository_init_ext(into(mirror), temporary.c_str(), &options);
        code < 0) {
      return git_failure(code, fmt::format("cannot make the mirror {}", temporary));
    }
    RUNNER_TRY(configure(mirror.get()));
  }
  RUNNER_POINT(mirror_made);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    RUNNER_TRY(remove_tree(temporary));
    if (kind_of(path) != PathKind::directory) {
      return jobs::fail(ErrorKind::transient,
                        fmt::format("cannot put the mirror in place at {}", path));
    }
  }
  return jobs::ok();
}

/// A pipe or device among the objects would make a read wait for ever, a link would lead elsewhere.
jobs::Status check_object_folder(const std::string& objects) {
  if (kind_of(objects) != PathKind::directory) {
    return jobs::fail(ErrorKind::conflict, fmt::format("{} is not a directory any more", objects),
                      "somebody replaced it; move the checkout away");
  }
  for (const std::string& folder : names_in(objects)) {
    const std::string path = objects + "/" + folder;
    if (folder == "info") {
      continue;  // Not read.
    }
    if (kind_of(path) != PathKind::directory) {
      return jobs::fail(ErrorKind::conflict,
                        fmt::format("{} is not a directory", jobs::one_line(path, 300)));
    }
    if (auto name = odd_file_in(path); !name.empty()) {
      return jobs::fail(
          ErrorKind::conflict,
          fmt::format("{}/{} is not a file", jobs::one_line(path, 300), jobs::one_line(name, 80)));
    }
  }
  return jobs::ok();
}

}  // namespace

jobs::Result<Repository> open_mirror(const Layout& layout, const jobs::RepoName& repo) {
  start_libgit2();
  const std::string path = layout.mirror(repo);
  if (kind_of(path) == PathKind::nothing) {
    return jobs::fail(ErrorKind::not_found,
                      fmt::format("there is no mirror of {} yet", repo.str()));
  }
  Repository mirror;
  const int code =
      git_repository_open_ext(into(mirror), path.c_str(),
                              GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE, nullptr);
  if (code < 0) {
    jobs::Error error = git_failure(code, fmt::format("cannot open the mirror {}", path));
    error.kind = error.kind == ErrorKind::transient ? error.kind : ErrorKind::corrupt;
    return std::move(error).with_hint(
        "move it away: it is made anew from the remote (its rescue refs would be lost)");
  }
  return mirror;
}

jobs::Result<Repository> open_or_make_mirror(const Layout& layout, const jobs::RepoName& repo) {
  start_libgit2();
  const std::string path = layout.mirror(repo);
  if (kind_of(path) == PathKind::nothing) {
    RUNNER_TRY(make_mirror(layout, path));
  }
  return open_mirror(layout, repo);
}

jobs::Result<Repository> open_with_checkout(const Layout& layout, const jobs::RepoName& repo) {
  RUNNER_ASSIGN(Repository mirror, open_mirror(layout, repo));
  const std::string objects = layout.checkout_objects(repo);
  if (kind_of(layout.checkout(repo)) == PathKind::nothing) {
    return mirror;
  }
  RUNNER_TRY(check_object_folder(objects));
  Odb odb;
  git_odb_backend* loose = nullptr;
  git_odb_backend* packed = nullptr;
  int code = git_repository_odb(into(odb), mirror.get());
  // As alternates: read after the mirror's own, and never written to. A backend belongs to the odb
  // once it was added.
  code = code < 0 ? code : git_odb_backend_loose(&loose, objects.c_str(), -1, 0, 0, 0);
  code = code < 0 ? code : git_odb_add_alternate(odb.get(), loose, 1);
  if (code >= 0 && kind_of(objects + "/pack") == PathKind::directory) {
    code = git_odb_backend_pack(&packed, objects.c_str());
    code = code < 0 ? code : git_odb_add_alternate(odb.get(), packed, 1);
  }
  if (code < 0) {
    return git_failure(code, fmt::format("cannot read the objects of {}", layout.checkout(repo)));
  }
  return mirror;
}

jobs::Result<jobs::Oid> mirror_ref(git_repository* mirror, const std::string& name) {
  git_oid id{};
  const int code = git_reference_name_to_id(&id, mirror, name.c_str());
  if (code == GIT_ENOTFOUND) {
    return jobs::Oid();
  }
  if (code < 0) {
    return git_failure(code,
                       fmt::format("cannot read {} of the mirror", jobs::one_line(name, 120)));
  }
  return to_oid(id);
}

jobs::Status set_mirror_ref(git_repository* mirror, const std::string& name,
                            const jobs::Oid& commit) {
  RUNNER_ASSIGN(const git_oid id, parse_oid(commit));
  Reference reference;
  if (const int code = git_reference_create(into(reference), mirror, name.c_str(), &id, 1, nullptr);
      code < 0) {
    return git_failure(code, fmt::format("cannot set {} of the mirror", jobs::one_line(name, 120)));
  }
  return jobs::ok();
}

bool contains(git_repository* repository, const jobs::Oid& commit, const jobs::Oid& ancestor) {
  if (commit == ancestor) {
    return !commit.empty();
  }
  const auto from = parse_oid(commit);
  const auto to = parse_oid(ancestor);
  return from && to && git_graph_descendant_of(repository, &*from, &*to) == 1;
}

jobs::Result<std::map<std::string, jobs::Oid>> remote_branches(git_repository* mirror) {
  ReferenceIterator iterator;
  if (const int code = git_reference_iterator_glob_new(into(iterator), mirror,
                                                       fmt::format("{}*", kFollowed).c_str());
      code < 0) {
    return git_failure(code, "cannot list the remote's branches in the mirror");
  }
  std::map<std::string, jobs::Oid> branches;
  Reference reference;
  while (git_reference_next(into(reference), iterator.get()) == 0) {
    if (const git_oid* target = git_reference_target(reference.get()); target != nullptr) {
      branches.emplace(git_reference_name(reference.get()) + std::strlen(kFollowed),
                       to_oid(*target));
    }
  }
  return branches;
}

jobs::Status let_go_of_others(git_repository* mirror,
                              const std::map<std::string, jobs::Oid>& heads) {
  RUNNER_ASSIGN(const auto known, remote_branches(mirror));
  for (const auto& [name, head] : known) {
    if (heads.contains(name)) {
      continue;
    }
    if (const int code = git_reference_remove(mirror, (kFollowed + name).c_str()); code < 0) {
      return git_failure(code, "cannot let go of a branch in the mirror");
    }
  }
  return jobs::ok();
}

jobs::Status follow_branches(git_repository* mirror,
                             const std::map<std::string, jobs::Oid>& heads) {
  for (const auto& [name, head] : heads) {
    RUNNER_ASSIGN(const jobs::Oid known, mirror_ref(mirror, kFollowed + name));
    if (known != head) {
      RUNNER_TRY(set_mirror_ref(mirror, kFollowed + name, head));
    }
  }
  return jobs::ok();
}

jobs::Result<bool> on_remote(git_repository* mirror, const jobs::Oid& commit) {
  RUNNER_ASSIGN(const auto branches, remote_branches(mirror));
  return std::ranges::any_of(
      branches, [&](const auto& branch) { return contains(mirror, branch.second, commit); });
}

jobs::Result<std::size_t> object_size(git_repository* repository, const git_oid& id) {
  Odb odb;
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  int code = git_repository_odb(into(odb), repository);
  code = code < 0 ? code : git_odb_read_header(&size, &type, odb.get(), &id);
  if (code < 0) {
    return git_failure(code, fmt::format("cannot read the object {}", to_hex(id)));
  }
  return size;
}

jobs::Result<jobs::Oid> tree_of(git_repository* repository, const jobs::Oid& commit) {
  RUNNER_ASSIGN(const git_oid id, parse_oid(commit));
  Commit found;
  if (const int code = git_commit_lookup(into(found), repository, &id); code < 0) {
    return git_failure(code, fmt::format("cannot read the commit {}", commit.str()));
  }
  return to_oid(*git_commit_tree_id(found.get()));
}

}  // namespace worktrees

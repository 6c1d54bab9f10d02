#include "worktrees/local_push.h"

#include <unistd.h>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "worktrees/dead_locks.h"
#include "worktrees/git_error.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;

std::string refusing_hook(git_repository* remote) {
  for (const std::string_view name :
       {"pre-receive", "update", "proc-receive", "reference-transaction"}) {
    const std::string path = fmt::format("{}hooks/{}", git_repository_path(remote), name);
    if (::access(path.c_str(), X_OK) == 0) {
      return std::string(name);
    }
  }
  return {};
}

/// `expected`: what the remote has already; none for a new branch.
jobs::Status copy_objects(git_repository* mirror, git_repository* remote, const git_oid* expected,
                          const git_oid& commit) {
  Revwalk walk;
  PackBuilder pack;
  Odb target;
  int code = git_revwalk_new(into(walk), mirror);
  code = code < 0 ? code : git_revwalk_push(walk.get(), &commit);
  code = code < 0 || expected == nullptr ? code : git_revwalk_hide(walk.get(), expected);
  code = code < 0 ? code : git_packbuilder_new(into(pack), mirror);
  code = code < 0 ? code : git_packbuilder_insert_walk(pack.get(), walk.get());
  code = code < 0 ? code : git_repository_odb(into(target), remote);
  git_odb_writepack* writer = nullptr;
  code = code < 0 ? code : git_odb_write_pack(&writer, target.get(), nullptr, nullptr);
  if (code < 0) {
    return git_failure(code, "cannot pack the commits to push");
  }
  git_indexer_progress progress{};
  struct Payload {
    git_odb_writepack* writer;
    git_indexer_progress* progress;
  } payload{writer, &progress};
  code = git_packbuilder_foreach(
      pack.get(),
      [](void* bytes, size_t size, void* opaque) {
        auto* to = static_cast<Payload*>(opaque);
        return to->writer->append(to->writer, bytes, size, to->progress);
      },
      &payload);
  code = code < 0 ? code : writer->commit(writer, &progress);
  jobs::Status status = jobs::ok();
  if (code < 0) {
    status = remote_failure(code, "cannot write the pushed commits into the remote");
  }
  writer->free(writer);
  return status;
}

}  // namespace

jobs::Result<PushResult> push_to_path(git_repository* mirror, const std::string& path,
                                      const std::string& branch, const jobs::Oid& expected,
                                      const jobs::Oid& commit) {
  git_oid old_id{};
  if (!expected.empty()) {
    RUNNER_ASSIGN(old_id, parse_oid(expected));
  }
  const git_oid* old = expected.empty() ? nullptr : &old_id;
  RUNNER_ASSIGN(const git_oid new_id, parse_oid(commit));
  Repository remote;
  if (const int code = git_repository_open_ext(into(remote), path.c_str(),
                                               GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
      code < 0) {
    return remote_failure(code, fmt::format("cannot open the remote {}", shown_url(path)));
  }
  const std::string name = "refs/heads/" + branch;
  if (git_repository_is_bare(remote.get()) == 0) {
    Reference head;
    const int code = git_reference_lookup(into(head), remote.get(), "HEAD");
    const char* target = code < 0 ? nullptr : git_reference_symbolic_target(head.get());
    if (target != nullptr && name == target) {
      return PushResult{false, fmt::format("{} is checked out in the remote {}, which is not bare",
                                           branch, shown_url(path))};
    }
  }
  if (const std::string hook = refusing_hook(remote.get()); !hook.empty()) {
    return PushResult{
        false, fmt::format("the remote has a {} hook, which a push into a local path cannot run; "
                           "use an ssh:// or http:// URL of it",
                           hook)};
  }
  if (old != nullptr && git_graph_descendant_of(mirror, &new_id, old) != 1 &&
      !RUNNER_PLANTED(force_push)) {
    return jobs::fail(ErrorKind::bug, fmt::format("{} does not descend from {}: not pushed",
                                                  commit.str(), expected.str()));
  }
  RUNNER_TRY(copy_objects(mirror, remote.get(), old, new_id));
  RUNNER_POINT(push_copied);
  RUNNER_ASSIGN(
      const LockAbroad announced,
      LockAbroad::announce(git_repository_path(mirror),
                           git_repository_commondir(remote.get()) + name + ".lock", commit.str()));
  Reference reference;
  // The last argument but one is the value that must be there: compared under the lock of the
  // reference. A new branch must not be there.
  const int code =
      git_reference_create_matching(into(reference), remote.get(), name.c_str(), &new_id,
                                    old == nullptr ? 0 : 1, old, "push by runner");
  if (code == GIT_EMODIFIED || code == GIT_ENOTFOUND || code == GIT_ELOCKED ||
      code == GIT_EEXISTS) {
    return jobs::fail(
        ErrorKind::transient,
        fmt::format("lost a race: branch {} of {} moved while we pushed", branch, shown_url(path)),
        "fetch, merge and verify again");
  }
  if (code < 0) {
    return remote_failure(code,
                          fmt::format("cannot move branch {} of {}", branch, shown_url(path)));
  }
  return PushResult{true, {}};
}

}  // namespace worktrees

#include "worktrees/checkout.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <optional>

#include <fmt/core.h>
#include <git2.h>

#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/safe_fs.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;

constexpr std::string_view kConfig =
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\tprotectHFS = "
    "true\n\tprotectNTFS = true\n"
    "\tlogAllRefUpdates = true\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[push]\n\tdefault "
    "= nothing\n";
/// Of all worktrees; one without an info/sparse-checkout of its own is whole all the same.
constexpr std::string_view kSparseConfig =
    "[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = true\n";
constexpr std::size_t kPackedRefsLimit = std::size_t{64} << 20;

std::string admin(std::string_view slot, std::string_view file) {
  return fmt::format("worktrees/{}/{}", slot, file);
}

bool is_hex_id(std::string_view text) {
  return text.size() == GIT_OID_HEXSZ && std::ranges::all_of(text, [](unsigned char c) {
           return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f');
         });
}

/// packed-refs without `name`; nothing if it does not stand there. `found` gets its value.
std::optional<std::string> without_packed(const std::string& packed, std::string_view name,
                                          std::string& found) {
  std::string kept;
  bool removed = false;
  bool skip_peeled = false;
  for (std::size_t at = 0; at < packed.size();) {
    const std::size_t end = std::min(packed.find('\n', at), packed.size() - 1);
    const std::string_view line = std::string_view(packed).substr(at, end - at + 1);
    at = end + 1;
    const std::string_view text = jobs::trimmed(line);
    if (text.starts_with('^') && skip_peeled) {
      continue;
    }
    skip_peeled = text.size() > 41 && text[40] == ' ' && text.substr(41) == name;
    if (skip_peeled) {
      removed = true;
      found = text.substr(0, 40);
      continue;
    }
    kept += line;
  }
  if (!removed) {
    return std::nullopt;
  }
  return kept;
}

jobs::Status check_ref_name(const std::string& name) {
  int valid = 0;
  if (git_reference_name_is_valid(&valid, name.c_str()) < 0 || valid == 0 ||
      !name.starts_with("refs/")) {
    return jobs::fail(ErrorKind::usage,
                      fmt::format("'{}' is not a valid ref name", jobs::one_line(name, 120)));
  }
  return jobs::ok();
}

}  // namespace

bool is_run_branch(const std::string& branch) {
  start_libgit2();
  return branch.starts_with("runner/") && branch.size() <= 200 &&
         branch.find('\0') == std::string::npos &&
         check_ref_name("refs/heads/" + branch).has_value();
}

jobs::Status restore_checkout(const Layout& layout, const jobs::RepoName& repo, bool sparse) {
  const std::string root = layout.checkout(repo);
  RUNNER_TRY(make_directories(layout.root + "/checkouts"));
  const PathKind kind = kind_of(root);
  if (kind != PathKind::nothing && kind != PathKind::directory) {
    return jobs::fail(ErrorKind::conflict, fmt::format("{} is not a directory any more", root),
                      "move it away");
  }
  RUNNER_TRY(make_directories(root));
  for (const std::string_view part : {"objects", "refs", "worktrees", "info"}) {
    const std::string path = fmt::format("{}/{}", root, part);
    const PathKind found = kind_of(path);
    if (found != PathKind::nothing && found != PathKind::directory) {
      return jobs::fail(ErrorKind::conflict, fmt::format("{} is not a directory any more", path),
                        "move it away");
    }
    RUNNER_TRY(make_directories(path));
  }
  RUNNER_TRY(make_directories(root + "/refs/heads"));
  // A lock that a killed git left would refuse every later command of the next agent.
  for (const std::string_view file :
       {"config.lock", "packed-refs.lock", "HEAD.lock", "config.worktree", "info/exclude",
        "info/attributes", "info/grafts", "shallow"}) {
    RUNNER_TRY(remove_below(root, file));
  }
  RUNNER_TRY(remove_tree(root + "/hooks"));
  RUNNER_TRY(write_below(root, "objects/info/alternates", layout.mirror(repo) + "/objects\n"));
  RUNNER_TRY(
      write_below(root, "config", fmt::format("{}{}", kConfig, sparse ? kSparseConfig : "")));
  return write_below(root, "HEAD", "ref: refs/heads/runner/none\n");
}

jobs::Result<jobs::Oid> checkout_ref(const Layout& layout, const jobs::RepoName& repo,
                                     const std::string& name) {
  RUNNER_TRY(check_ref_name(name));
  const std::string root = layout.checkout(repo);
  auto loose = read_below(root, name, 4096);
  // "refs/heads/runner" as a file, or a directory where the ref would be: the ref is not there.
  if (!loose && kind_of(root + "/" + name) != PathKind::directory) {
    return std::move(loose).error();
  }
  if (loose && *loose) {
    const std::string_view text = jobs::trimmed(**loose);
    if (!is_hex_id(text)) {
      return jobs::fail(ErrorKind::conflict,
                        fmt::format("the branch {} does not name a commit but '{}'",
                                    jobs::one_line(name, 120), jobs::one_line(text, 60)));
    }
    return jobs::Oid(std::string(text));
  }
  RUNNER_ASSIGN(const auto packed, read_below(root, "packed-refs", kPackedRefsLimit));
  std::string found;
  if (packed && without_packed(*packed, name, found) && is_hex_id(found)) {
    return jobs::Oid(found);
  }
  return jobs::Oid();
}

jobs::Status set_checkout_ref(const Layout& layout, const jobs::RepoName& repo,
                              const std::string& name, const jobs::Oid& commit) {
  RUNNER_TRY(check_ref_name(name));
  RUNNER_TRY(remove_below(layout.checkout(repo), name + ".lock"));
  return write_below(layout.checkout(repo), name, commit.str() + "\n");
}

jobs::Status delete_checkout_ref(const Layout& layout, const jobs::RepoName& repo,
                                 const std::string& name) {
  RUNNER_TRY(check_ref_name(name));
  const std::string root = layout.checkout(repo);
  RUNNER_ASSIGN(const auto packed, read_below(root, "packed-refs", kPackedRefsLimit));
  std::string found;
  if (packed) {
    if (const auto kept = without_packed(*packed, name, found)) {
      RUNNER_TRY(write_below(root, "packed-refs", *kept));
    }
  }
  RUNNER_TRY(remove_below(root, name + ".lock"));
  return remove_below(root, name);
}

jobs::Result<WorktreeHead> worktree_head(const Layout& layout, const jobs::RepoName& repo,
                                         std::string_view slot) {
  RUNNER_ASSIGN(const auto content, read_below(layout.checkout(repo), admin(slot, "HEAD"), 4096));
  if (!content) {
    return jobs::fail(ErrorKind::not_found, fmt::format("the worktree {} has no HEAD", slot));
  }
  const std::string_view text = jobs::trimmed(*content);
  constexpr std::string_view kBranch = "ref: refs/heads/";
  if (text.starts_with(kBranch)) {
    return WorktreeHead{std::string(text.substr(kBranch.size())), {}};
  }
  if (is_hex_id(text)) {
    return WorktreeHead{{}, jobs::Oid(std::string(text))};
  }
  return jobs::fail(ErrorKind::conflict,
                    fmt::format("HEAD of the worktree {} is '{}'", slot, jobs::one_line(text, 60)));
}

std::string folder_problem(const Layout& layout, const jobs::RepoName& repo,
                           std::string_view slot) {
  const std::string path = layout.slot(repo, slot);
  switch (kind_of(path)) {
    case PathKind::nothing: return fmt::format("the worktree folder {} is gone", path);
    case PathKind::link:
      return fmt::format("{} is a symbolic link, not the worktree that was made there", path);
    case PathKind::file:
    case PathKind::other: return fmt::format("{} is not a directory", path);
    case PathKind::directory: break;
  }
  const auto link = read_below(path, ".git", 8192);
  if (!link) {
    return fmt::format("{}/.git was replaced: {}", path, link.error().message);
  }
  if (!*link) {
    return fmt::format("{} holds no worktree: its .git file is gone", path);
  }
  if (jobs::trimmed(**link) !=
      fmt::format("gitdir: {}/worktrees/{}", layout.checkout(repo), slot)) {
    return fmt::format("{}/.git points to another repository: {}", path,
                       jobs::one_line(**link, 120));
  }
  return {};
}

jobs::Status link_worktree(const Layout& layout, const jobs::RepoName& repo, std::string_view slot,
                           const std::string& branch, const std::string& index_file,
                           const Cone& cone) {
  const std::string root = layout.checkout(repo);
  if (const std::string info = root + "/" + admin(slot, "info");
      kind_of(info) != PathKind::nothing && kind_of(info) != PathKind::directory) {
    RUNNER_TRY(remove_below(root, admin(slot, "info")));
  }
  for (const std::string_view stale :
       {"index.lock", "HEAD.lock", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "MERGE_MSG",
        "config.worktree", "locked", "info/sparse-checkout", "info/sparse-checkout.lock"}) {
    RUNNER_TRY(remove_below(root, admin(slot, stale)));
  }
  RUNNER_TRY(write_below(root, admin(slot, "commondir"), "../..\n"));
  RUNNER_TRY(
      write_below(root, admin(slot, "gitdir"), fmt::format("{}/.git\n", layout.slot(repo, slot))));
  RUNNER_TRY(write_below(root, admin(slot, "HEAD"), fmt::format("ref: refs/heads/{}\n", branch)));
  if (!cone.all()) {
    RUNNER_TRY(write_below(root, admin(slot, "info/sparse-checkout"), cone.patterns()));
  }
  RUNNER_TRY(move_below(index_file, root, admin(slot, "index")));
  return write_below(layout.slot(repo, slot), ".git",
                     fmt::format("gitdir: {}/worktrees/{}\n", root, slot));
}

jobs::Status unlink_worktree(const Layout& layout, const jobs::RepoName& repo,
                             std::string_view slot) {
  const std::string folder = layout.checkout(repo) + "/worktrees";
  if (kind_of(folder) != PathKind::directory) {
    return jobs::ok();
  }
  return remove_tree(fmt::format("{}/{}", folder, slot));
}

}  // namespace worktrees

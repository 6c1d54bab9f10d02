#include "worktrees/leftovers.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/beneath.h"
#include "worktrees/directory.h"
#include "worktrees/git_error.h"
#include "worktrees/land_text.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

namespace {

// Deeper than that nothing is looked at: what no commit has goes with all that is in it.
constexpr int kDeepest = 64;

/// What would change the rules for what is beside or below it, or is a repository of its own.
bool makes_rules(std::string_view name) {
  return name == ".git" || name == ".gitignore" || name == ".gitattributes";
}

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

class Clearer {
 public:
  Clearer(git_repository* repository, int root, const Remover& remover,
          const std::vector<std::string>& cold)
      : repository_(repository), root_(root), remover_(remover), cold_(cold) {}

  /// True if it stays, or something in it. `depth` counts the directories that no commit has.
  jobs::Result<bool> visit(int parent, const char* name, const std::string& path, int depth) {
    struct stat info{};
    if (::fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return false;
    }
    const bool directory = S_ISDIR(info.st_mode);
    if (is_cold(path)) {
      cold_went_ = true;
      RUNNER_TRY(remover_.remove_in(parent, name, path));
      return false;
    }
    RUNNER_ASSIGN(const bool ignored, is_ignored(repository_, root_, path));
    const bool look_inside = directory && depth < kDeepest && (!ignored || !cold_.empty());
    // Caches like to make their directories read-only; the owner may undo that.
    if (look_inside && (info.st_mode & S_IRWXU) != S_IRWXU &&
        ::fchmodat(parent, name, info.st_mode | S_IRWXU, AT_SYMLINK_NOFOLLOW) != 0) {
      RUNNER_TRY(remover_.remove_in(parent, name, path));
      return false;
    }
    if (look_inside) {
      return descend(parent, name, path, depth, ignored);
    }
    if (ignored) {
      return true;
    }
    RUNNER_TRY(remover_.remove_in(parent, name, path));
    return false;
  }

  [[nodiscard]] bool cold_went() const { return cold_went_; }

 private:
  jobs::Result<bool> descend(int parent, const char* name, const std::string& path, int depth,
                             bool ignored) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const Directory open = open_directory(Fd(::openat(parent, name, kFlags)));
    std::vector<std::string> names;
    while (const dirent* entry = next_entry(open.get())) {
      names.emplace_back(entry->d_name);
    }
    const bool nested = std::ranges::find(names, ".git") != names.end();
    if (!ignored && (open == nullptr || errno != 0 || nested)) {
      RUNNER_TRY(remover_.remove_in(parent, name, path));
      return false;
    }
    if (!ignored) {
      for (const std::string& rules : names) {
        if (makes_rules(rules)) {
          RUNNER_TRY(remover_.remove_in(::dirfd(open.get()), rules.c_str(), path + "/" + rules));
        }
      }
    }
    bool stays = ignored;
    for (const std::string& below : names) {
      if (ignored || !makes_rules(below)) {
        RUNNER_ASSIGN(const bool kept,
                      visit(::dirfd(open.get()), below.c_str(), path + "/" + below, depth + 1));
        stays = stays || kept;
      }
    }
    if (!stays && ::unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
      return system_error(errno, "remove", path);
    }
    return stays;
  }

  [[nodiscard]] bool is_cold(const std::string& path) const {
    return std::ranges::any_of(cold_,
                               [&](const std::string& glob) { return glob_matches(glob, path); });
  }

  git_repository* repository_;
  int root_;
  const Remover& remover_;
  const std::vector<std::string>& cold_;
  bool cold_went_ = false;
};

}  // namespace

jobs::Result<bool> is_ignored(git_repository* repository, int root, const std::string& path) {
  struct stat info{};
  struct stat target{};
  // libgit2 takes a link to a directory for one; git does not.
  if (::fstatat(root, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode) &&
      ::fstatat(root, path.c_str(), &target, 0) == 0 && S_ISDIR(target.st_mode)) {
    return false;
  }
  int ignored = 0;
  if (const int code = git_ignore_path_is_ignored(&ignored, repository, path.c_str()); code < 0) {
    return git_failure(
        code, fmt::format("cannot find out whether '{}' is ignored", jobs::one_line(path, 200)));
  }
  return ignored != 0;
}

jobs::Result<bool> clear_leftovers(git_repository* repository, int root, const Remover& remover,
                                   const std::vector<std::string>& extra,
                                   const std::vector<std::string>& cold) {
  Clearer clearer(repository, root, remover, cold);
  for (const std::string& path : extra) {
    if (makes_rules(last_part(path))) {
      RUNNER_TRY(remover.remove(path));
    }
  }
  for (const std::string& path : extra) {
    if (const Parent parent(root, path); parent.ok() && !makes_rules(last_part(path))) {
      RUNNER_TRY(clearer.visit(parent.fd(), parent.name(), path, 0));
    }
  }
  return clearer.cold_went();
}

}  // namespace worktrees

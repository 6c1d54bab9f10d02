#include "worktrees/blocking_rules.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>

#include "worktrees/beneath.h"
#include "worktrees/directory.h"
#include "worktrees/remover.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

namespace {

bool is_opened_by_name(std::string_view name) {
  return name == ".gitignore" || name == ".gitattributes" || name == ".gitmodules";
}

/// A file, or a link to one (or to nothing), does not block; nor does a directory.
bool blocks(int folder, const dirent& entry) {
  struct stat info{};
  return entry.d_type != DT_REG && entry.d_type != DT_DIR &&
         ::fstatat(folder, entry.d_name, &info, 0) == 0 && !S_ISREG(info.st_mode) &&
         !S_ISDIR(info.st_mode);
}

}  // namespace

jobs::Result<std::vector<std::string>> blocking_rules(const std::string& folder) {
  std::vector<std::string> found;
  const Fd root = open_folder(folder);
  if (!root.ok()) {
    return system_error(errno, "open", folder);
  }
  std::vector<std::string> waiting{"."};
  while (!waiting.empty()) {
    const std::string path = std::move(waiting.back());
    waiting.pop_back();
    // What cannot be opened, or has too long a path, libgit2 cannot open either.
    const Directory open = open_directory(
        Fd(open_beneath(root.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK)));
    while (const dirent* entry = next_entry(open.get())) {
      std::string below = path == "." ? entry->d_name : path + "/" + entry->d_name;
      if (is_directory(open.get(), *entry)) {
        waiting.push_back(std::move(below));
      } else if (is_opened_by_name(entry->d_name) && blocks(::dirfd(open.get()), *entry)) {
        found.push_back(std::move(below));
      }
    }
  }
  return found;
}

jobs::Status remove_blocking_rules(const std::string& folder) {
  RUNNER_ASSIGN(const std::vector<std::string> paths, blocking_rules(folder));
  const Fd root = open_folder(folder);
  if (!paths.empty() && !root.ok()) {
    return system_error(errno, "open", folder);
  }
  for (const std::string& path : paths) {
    Remover(root.get(), {}).remove_file(path);
  }
  return jobs::ok();
}

}  // namespace worktrees

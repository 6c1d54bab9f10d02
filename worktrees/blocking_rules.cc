#include "worktrees/blocking_rules.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <string_view>

#include <fmt/core.h>

#include "worktrees/beneath.h"
#include "worktrees/directory.h"
#include "worktrees/remover.h"
#include "worktrees/rule_bytes.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

namespace {

bool is_opened_by_name(std::string_view name) {
  return name == ".gitignore" || name == ".gitattributes" || name == ".gitmodules";
}

/// A file, or a link to one (or to nothing), does not block; nor does a directory.
bool blocks(const dirent& entry, const struct stat& info) {
  return entry.d_type != DT_REG && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

}  // namespace

jobs::Result<RulesFound> find_rules(const std::string& folder) {
  RulesFound found;
  RuleBytes rules;
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
        continue;
      }
      struct stat info{};
      if (!is_opened_by_name(entry->d_name) ||
          ::fstatat(::dirfd(open.get()), entry->d_name, &info, 0) != 0) {
        continue;
      }
      if (RuleBytes::counts(below) && found.too_many.empty()) {
        found.too_many = rules.add(below, static_cast<std::uint64_t>(info.st_size));
      }
      if (blocks(*entry, info)) {
        found.blocking.push_back(std::move(below));
      }
    }
  }
  return found;
}

jobs::Status remove_blocking_rules(const std::string& folder) {
  RUNNER_ASSIGN(const RulesFound rules, find_rules(folder));
  if (!rules.too_many.empty()) {
    return jobs::fail(jobs::ErrorKind::denied, fmt::format("{}: {}", folder, rules.too_many),
                      "keep by hand what is of use there, then remove those files");
  }
  const Fd root = open_folder(folder);
  if (!rules.blocking.empty() && !root.ok()) {
    return system_error(errno, "open", folder);
  }
  for (const std::string& path : rules.blocking) {
    Remover(root.get(), {}).remove_file(path);
  }
  return jobs::ok();
}

}  // namespace worktrees

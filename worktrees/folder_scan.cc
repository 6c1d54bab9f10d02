#include "worktrees/folder_scan.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/beneath.h"
#include "worktrees/children.h"
#include "worktrees/directory.h"
#include "worktrees/list_match.h"
#include "worktrees/workers.h"

namespace worktrees {

namespace {

constexpr mode_t kPermissions = 0777;

class Scanner {
 public:
  Scanner(int root, const TreeList& list, const KnownFiles& known)
      : root_(root),
        list_(list),
        known_(known),
        matches_(match_lists(list, known.list)),
        files_(Children::files(list)),
        directories_(Children::directories(list)),
        known_at_(list.directories.size(), kUnknown),
        there_(list.directories.size()) {
    find_known_directories();
    scan_.directories.resize(list.directories.size());
    scan_.present.files.resize(list.files.size());
    scan_.present.stats.resize(list.files.size());
    scan_.gone = std::move(matches_.gone);
  }

  jobs::Status run(Looked looked, unsigned workers) {
    looked_ = std::move(looked);
    return do_tasks(list_.directories.size(), workers, [&]() -> DoTask {
      return [this](std::size_t number) { return look_at(number); };
    });
  }

  FolderScan take() {
    scan_.present.directories.assign(there_.begin(), there_.end());
    return std::move(scan_);
  }

 private:
  /// Which of the known directories each of the list is, and which the list does not have.
  void find_known_directories() {
    const TreeList& known = known_.list;
    std::unordered_map<std::string_view, std::uint32_t> listed;
    for (std::uint32_t i = 0; i < list_.directories.size(); ++i) {
      listed.emplace(list_.path(list_.directories[i]), i);
    }
    for (std::uint32_t i = 0; i < known.directories.size(); ++i) {
      const auto found = listed.find(known.path(known.directories[i]));
      if (found != listed.end()) {
        known_at_[found->second] = i;
        continue;
      }
      const auto& parent = known.directories[known.directories[i].parent];
      if (const auto above = listed.find(known.path(parent)); above != listed.end()) {
        lost_.emplace(above->second, i);
      }
    }
  }

  /// True for a directory that has no entry but known ones, and what those are was looked at.
  jobs::Result<bool> is_seen(std::size_t number) {
    const std::uint32_t known = known_at_[number];
    if (known == kUnknown || looked_.directories[known] == 0) {
      return false;
    }
    const std::string_view path = list_.path(list_.directories[number]);
    there_[number] = 1;
    scan_.directories[number] = known_.notes.directories[known];
    Fd folder;  // opened where something is not as simple
    const auto open = [&] {
      if (!folder.ok()) {
        folder = Fd(open_beneath(root_, path.data(), O_PATH | O_DIRECTORY));
      }
      return folder.ok();
    };
    for (const std::uint32_t file : files_.of(number)) {
      if (is_seen_file(file)) {
        continue;
      }
      if (!open()) {
        return unreadable(path);
      }
      const std::string_view name = list_.name(list_.files[file]);
      if (!look_at_file(file, folder.get(), name.data())) {
        add(scan_.in_the_way, path, name);
      }
    }
    for (const std::uint32_t directory : directories_.of(number)) {
      if (known_at_[directory] != kUnknown) {
        continue;
      }
      if (!open()) {
        return unreadable(path);
      }
      const std::string_view name = list_.name(list_.directories[directory]);
      struct stat info{};
      if (::fstatat(folder.get(), name.data(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
          !S_ISDIR(info.st_mode)) {
        add(scan_.in_the_way, path, name);
      }
    }
    const auto [lost, end] = lost_.equal_range(static_cast<std::uint32_t>(number));
    for (auto at = lost; at != end; ++at) {
      const std::string_view name = known_.list.name(known_.list.directories[at->second]);
      if (!find(files_.of(number), name, list_.files)) {  // or it was seen in the way
        add(scan_.extra, path, name);
      }
    }
    return true;
  }

  /// True for one that was known, and that is now what can be said without another look.
  bool is_seen_file(std::uint32_t number) {
    const std::uint32_t known = matches_.path[number];
    const Now now = known == kUnknown ? Now::unseen : looked_.files[known];
    if (now == Now::unseen || now == Now::special ||
        list_.files[number].mode == GIT_FILEMODE_COMMIT) {
      return false;
    }
    if (now != Now::nothing) {
      const bool same = now == Now::same && matches_.known[number] != kUnknown;
      scan_.present.files[number] = same ? FileState::same : FileState::other;
      scan_.present.stats[number] = looked_.stats[known];
    }
    return true;
  }

  jobs::Status look_at(std::size_t number) {
    RUNNER_ASSIGN(const bool seen, is_seen(number));
    if (seen) {
      return jobs::ok();
    }
    const std::string_view path = list_.path(list_.directories[number]);
    Fd folder(
        open_beneath(root_, path.empty() ? "." : path.data(), O_RDONLY | O_DIRECTORY | O_NONBLOCK));
    if (!folder.ok() && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
      return jobs::ok();  // What stands there instead is seen from above.
    }
    struct stat info{};
    if (!folder.ok() || ::fstat(folder.get(), &info) != 0) {
      return unreadable(path);
    }
    const mode_t wanted = kPermissions & ~mask_;
    bool whole = (info.st_mode & kPermissions) == wanted;
    if (!whole && ::fchmod(folder.get(), (info.st_mode & S_ISGID) | wanted) != 0) {
      return unreadable(path);
    }
    there_[number] = 1;
    const auto open = open_directory(std::move(folder));
    while (const dirent* entry = next_entry(open.get())) {
      const std::string_view name = entry->d_name;
      if (!(number == 0 && name == ".git")) {
        whole = look_at_entry(open.get(), number, path, *entry) && whole;
      }
    }
    if (whole) {
      scan_.directories[number] = stat_of(info);
    }
    return open != nullptr && errno == 0 ? jobs::ok() : unreadable(path);
  }

  /// True if the list has it.
  bool look_at_entry(DIR* folder, std::size_t number, std::string_view path, const dirent& entry) {
    const std::string_view name = entry.d_name;
    if (const auto file = find(files_.of(number), name, list_.files)) {
      if (look_at_file(*file, ::dirfd(folder), entry.d_name)) {
        return true;
      }
      add(scan_.in_the_way, path, name);
    } else if (!find(directories_.of(number), name, list_.directories)) {
      add(scan_.extra, path, name);
    } else if (is_directory(folder, entry)) {
      return true;
    } else {
      add(scan_.in_the_way, path, name);
    }
    return false;
  }

  /// False if a directory stands there that has to go.
  bool look_at_file(std::uint32_t number, int folder, const char* name) {
    const TreeList::File& file = list_.files[number];
    struct stat info{};
    if (::fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return true;  // It is not there.
    }
    if (file.mode == GIT_FILEMODE_COMMIT) {
      const bool empty = S_ISDIR(info.st_mode) && is_empty(folder, name);
      scan_.present.files[number] = empty ? FileState::same : FileState::absent;
      scan_.present.stats[number] = stat_of(info);
      return empty;
    }
    if (S_ISDIR(info.st_mode)) {
      return false;
    }
    const FileStat stat = stat_of(info);
    const bool same =
        (file.mode == GIT_FILEMODE_LINK ? S_ISLNK(info.st_mode) : S_ISREG(info.st_mode)) &&
        matches_.known[number] != kUnknown && known_.stats[matches_.known[number]] == stat &&
        is_old(stat, known_);
    scan_.present.files[number] = same ? FileState::same : FileState::other;
    scan_.present.stats[number] = stat;
    return true;
  }

  static bool is_empty(int folder, const char* name) {
    const auto open =
        open_directory(Fd(::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)));
    return open != nullptr && next_entry(open.get()) == nullptr && errno == 0;
  }

  template <typename Entries>
  std::optional<std::uint32_t> find(std::span<const std::uint32_t> numbers, std::string_view name,
                                    const Entries& entries) const {
    const auto name_of = [&](std::uint32_t number) { return list_.name(entries[number]); };
    const auto found = std::ranges::lower_bound(numbers, name, {}, name_of);
    return found != numbers.end() && name_of(*found) == name ? std::optional(*found) : std::nullopt;
  }

  void add(std::vector<std::string>& to, std::string_view path, std::string_view name) {
    const std::lock_guard lock(mutex_);
    to.push_back(fmt::format("{}{}{}", path, path.empty() ? "" : "/", name));
  }

  static jobs::Error unreadable(std::string_view path) {
    return jobs::fail(jobs::ErrorKind::conflict,
                      fmt::format("cannot read the directory '{}': {}", jobs::one_line(path, 300),
                                  std::strerror(errno)));
  }

  int root_;
  const TreeList& list_;
  const KnownFiles& known_;
  Looked looked_;
  const mode_t mask_ = creation_mask();
  ListMatch matches_;
  Children files_;
  Children directories_;
  std::vector<std::uint32_t> known_at_;                         // of each directory
  std::unordered_multimap<std::uint32_t, std::uint32_t> lost_;  // known ones, by what they were in
  std::vector<char> there_;  // of each directory; threads write to neighbours
  FolderScan scan_;
  std::mutex mutex_;
};

}  // namespace

jobs::Result<FolderScan> scan_folder(int root, const TreeList& list, const KnownFiles& known,
                                     Lookout& lookout, unsigned workers) {
  Scanner scanner(root, list, known);  // while others still look
  RUNNER_ASSIGN(Looked looked, lookout.finish());
  RUNNER_TRY(scanner.run(std::move(looked), workers));
  return scanner.take();
}

}  // namespace worktrees

#include "worktrees/folder_scan.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/beneath.h"
#include "worktrees/directory.h"
#include "worktrees/list_match.h"
#include "worktrees/workers.h"

namespace worktrees {

namespace {

constexpr mode_t kPermissions = 0777;

/// The numbers of what is right in each directory, in the order of the names.
class Children {
 public:
  template <typename Entries, typename DirectoryOf>
  Children(const Entries& entries, std::size_t directories, const DirectoryOf& directory_of)
      : begins_(directories + 1), numbers_(entries.size()) {
    for (const auto& entry : entries) {
      ++begins_[directory_of(entry) + 1];
    }
    for (std::size_t i = 0; i < directories; ++i) {
      begins_[i + 1] += begins_[i];
    }
    std::vector<std::uint32_t> next(begins_.begin(), begins_.end() - 1);
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
      numbers_[next[directory_of(entries[i])]++] = i;
    }
  }

  [[nodiscard]] std::span<const std::uint32_t> of(std::size_t directory) const {
    return std::span(numbers_).subspan(begins_[directory],
                                       begins_[directory + 1] - begins_[directory]);
  }

  /// A tree has its directories in another order, as if each name ended in a slash.
  template <typename NameOf>
  void sort(const NameOf& name_of) {
    for (std::size_t i = 0; i + 1 < begins_.size(); ++i) {
      std::ranges::sort(numbers_.begin() + begins_[i], numbers_.begin() + begins_[i + 1], {},
                        name_of);
    }
  }

 private:
  std::vector<std::uint32_t> begins_;
  std::vector<std::uint32_t> numbers_;
};

class Scanner {
 public:
  Scanner(int root, const TreeList& list, const KnownFiles& known)
      : root_(root),
        list_(list),
        known_(known),
        matches_(match_lists(list, known.list)),
        files_(list.files, list.directories.size(),
               [](const auto& file) { return file.directory; }),
        directories_(list.directories, list.directories.size(),
                     [](const auto& directory) { return directory.parent; }),
        known_at_(list.directories.size(), kUnknown),
        there_(list.directories.size()) {
    find_known_directories();
    scan_.directories.resize(list.directories.size());
    scan_.present.files.resize(list.files.size());
    scan_.present.stats.resize(list.files.size());
    scan_.gone = std::move(matches_.gone);
    directories_.sort([&](std::uint32_t number) { return list.name(list.directories[number]); });
  }

  jobs::Status run(unsigned workers) {
    return do_tasks(list_.directories.size(), workers, [&]() -> DoTask {
      return [this](std::size_t number) { return look_at(number); };
    });
  }

  FolderScan take() {
    scan_.present.directories.assign(there_.begin(), there_.end());
    return std::move(scan_);
  }

 private:
  /// Which of the directories with notes each of the list is, and which the list does not have.
  void find_known_directories() {
    const TreeList& known = known_.list;
    if (known_.notes.directories.size() != known.directories.size()) {
      return;
    }
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

  /// True if it has the stat of its notes, and so no entry but those that were known; what they are
  /// now was looked at. The folder itself has our .git too.
  bool is_as_noted(std::size_t number) {
    if (number == 0 || known_at_[number] == kUnknown) {
      return false;
    }
    const FileStat& noted = known_.notes.directories[known_at_[number]];
    if (noted == FileStat{} || !is_old(noted)) {
      return false;
    }
    const std::string_view path = list_.path(list_.directories[number]);
    const Fd folder(open_beneath(root_, path.data(), O_PATH | O_DIRECTORY));
    struct stat info{};
    if (!folder.ok() || ::fstat(folder.get(), &info) != 0 || stat_of(info) != noted ||
        (info.st_mode & kPermissions) != (kPermissions & ~mask_)) {
      return false;
    }
    there_[number] = 1;
    scan_.directories[number] = noted;
    for (const std::uint32_t file : files_.of(number)) {
      const std::string_view name = list_.name(list_.files[file]);
      if (!look_at_file(file, folder.get(), name.data())) {
        add(scan_.in_the_way, path, name);
      }
    }
    for (const std::uint32_t directory : directories_.of(number)) {
      const std::string_view name = list_.name(list_.directories[directory]);
      if (known_at_[directory] == kUnknown &&
          ::fstatat(folder.get(), name.data(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
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

  jobs::Status look_at(std::size_t number) {
    if (is_as_noted(number)) {
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
        is_old(stat);
    scan_.present.files[number] = same ? FileState::same : FileState::other;
    scan_.present.stats[number] = stat;
    return true;
  }

  /// What was changed when the known files were written, or later, may have changed once more.
  [[nodiscard]] bool is_old(const FileStat& stat) const {
    return std::tie(stat.changed_s, stat.changed_ns) <
           std::tie(known_.written_s, known_.written_ns);
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
  const mode_t mask_ = creation_mask();
  ListMatch matches_;
  Children files_;
  Children directories_;
  std::vector<std::uint32_t> known_at_;                         // of each directory that has notes
  std::unordered_multimap<std::uint32_t, std::uint32_t> lost_;  // known ones, by what they were in
  std::vector<char> there_;  // of each directory; threads write to neighbours
  FolderScan scan_;
  std::mutex mutex_;
};

}  // namespace

jobs::Result<FolderScan> scan_folder(int root, const TreeList& list, const KnownFiles& known,
                                     unsigned workers) {
  Scanner scanner(root, list, known);
  RUNNER_TRY(scanner.run(workers));
  return scanner.take();
}

}  // namespace worktrees

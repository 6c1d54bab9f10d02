#include "worktrees/folder_scan.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/beneath.h"
#include "worktrees/convert.h"
#include "worktrees/directory.h"
#include "worktrees/workers.h"

namespace worktrees {

namespace {

constexpr std::uint32_t kUnknown = ~std::uint32_t{0};
constexpr mode_t kPermissions = 0777;

/// For each file of `list` its number among the known ones with the same id and mode, and those
/// that are in the list no more.
struct Matches {
  std::vector<std::uint32_t> known;
  std::vector<std::string> gone;
};

Matches match(const TreeList& list, const TreeList& known) {
  Matches matches{.known = std::vector<std::uint32_t>(list.files.size(), kUnknown), .gone = {}};
  bool attributes_moved = false;
  std::uint32_t there = 0;
  const auto pass = [&](std::string_view path) {
    matches.gone.emplace_back(path);
    attributes_moved = attributes_moved || is_attributes_file(path);
    ++there;
  };
  for (std::size_t i = 0; i < list.files.size(); ++i) {
    const std::string_view path = list.path(list.files[i]);
    while (there < known.files.size() && known.path(known.files[there]) < path) {
      pass(known.path(known.files[there]));
    }
    const bool found = there < known.files.size() && known.path(known.files[there]) == path;
    if (found && list.files[i].mode == known.files[there].mode &&
        git_oid_cmp(&list.files[i].id, &known.files[there].id) == 0) {
      matches.known[i] = there;
    } else {
      attributes_moved = attributes_moved || is_attributes_file(path);
    }
    there += found ? 1 : 0;
  }
  while (there < known.files.size()) {
    pass(known.path(known.files[there]));
  }
  if (attributes_moved) {
    // The same blob may come out as another file now.
    std::ranges::fill(matches.known, kUnknown);
  }
  return matches;
}

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
        matches_(match(list, known.list)),
        files_(list.files, list.directories.size(),
               [](const auto& file) { return file.directory; }),
        directories_(list.directories, list.directories.size(),
                     [](const auto& directory) { return directory.parent; }),
        there_(list.directories.size()) {
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
  jobs::Status look_at(std::size_t number) {
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
    if ((info.st_mode & kPermissions) != wanted &&
        ::fchmod(folder.get(), (info.st_mode & S_ISGID) | wanted) != 0) {
      return unreadable(path);
    }
    there_[number] = 1;
    const auto open = open_directory(std::move(folder));
    while (const dirent* entry = next_entry(open.get())) {
      const std::string_view name = entry->d_name;
      if (!(number == 0 && name == ".git")) {
        look_at_entry(open.get(), number, path, *entry);
      }
    }
    return open != nullptr && errno == 0 ? jobs::ok() : unreadable(path);
  }

  void look_at_entry(DIR* folder, std::size_t number, std::string_view path, const dirent& entry) {
    const std::string_view name = entry.d_name;
    if (const auto file = find(files_.of(number), name, list_.files)) {
      if (!look_at_file(*file, ::dirfd(folder), entry)) {
        add(scan_.in_the_way, path, name);
      }
    } else if (!find(directories_.of(number), name, list_.directories)) {
      add(scan_.extra, path, name);
    } else if (!is_directory(folder, entry)) {
      add(scan_.in_the_way, path, name);
    }
  }

  /// False if a directory stands there that has to go.
  bool look_at_file(std::uint32_t number, int folder, const dirent& entry) {
    const TreeList::File& file = list_.files[number];
    struct stat info{};
    if (::fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return true;  // Gone since.
    }
    if (file.mode == GIT_FILEMODE_COMMIT) {
      const bool empty = S_ISDIR(info.st_mode) && is_empty(folder, entry.d_name);
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
        std::tie(stat.changed_s, stat.changed_ns) < std::tie(known_.written_s, known_.written_ns);
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
  const mode_t mask_ = creation_mask();
  Matches matches_;
  Children files_;
  Children directories_;
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

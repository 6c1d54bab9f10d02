#include "worktrees/lookout.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <tuple>
#include <utility>

#include "worktrees/beneath.h"

namespace worktrees {

namespace {

constexpr mode_t kPermissions = 0777;

}  // namespace

bool is_old(const FileStat& stat, const KnownFiles& known) {
  return std::tie(stat.changed_s, stat.changed_ns) < std::tie(known.written_s, known.written_ns);
}

Lookout::Lookout(int root, const KnownFiles& known, unsigned workers)
    : root_(root),
      known_(known),
      permissions_(kPermissions & ~creation_mask()),
      files_(Children::files(known.list)) {
  const std::size_t directories = known.list.directories.size();
  looked_.files.resize(known.list.files.size(), Now::unseen);
  looked_.stats.resize(known.list.files.size());
  looked_.directories.resize(directories);
  const bool noted = known.notes.directories.size() == directories;
  crew_.emplace(noted ? directories : 0, workers, [this]() -> DoTask {
    return [this](std::size_t number) {
      look_at(number);
      return jobs::ok();
    };
  });
}

jobs::Result<Looked> Lookout::finish() {
  RUNNER_TRY(crew_->finish());
  return std::move(looked_);
}

void Lookout::look_at(std::size_t number) {
  const FileStat& noted = known_.notes.directories[number];
  // The folder itself has our .git too.
  if (number == 0 || noted == FileStat{} || !is_old(noted, known_)) {
    return;
  }
  const std::string_view path = known_.list.path(known_.list.directories[number]);
  const Fd folder(open_beneath(root_, path.data(), O_PATH | O_DIRECTORY));
  struct stat info{};
  if (!folder.ok() || ::fstat(folder.get(), &info) != 0 || stat_of(info) != noted ||
      (info.st_mode & kPermissions) != permissions_) {
    return;
  }
  for (const std::uint32_t file : files_.of(number)) {
    look_at_file(file, folder.get());
  }
  looked_.directories[number] = 1;
}

void Lookout::look_at_file(std::uint32_t number, int folder) {
  const TreeList::File& file = known_.list.files[number];
  Now& now = looked_.files[number];
  struct stat info{};
  if (file.mode == GIT_FILEMODE_COMMIT) {
    now = Now::special;
  } else if (::fstatat(folder, known_.list.name(file).data(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    now = Now::nothing;
  } else if (S_ISDIR(info.st_mode)) {
    now = Now::special;
  } else {
    const FileStat stat = stat_of(info);
    const bool sort =
        file.mode == GIT_FILEMODE_LINK ? S_ISLNK(info.st_mode) : S_ISREG(info.st_mode);
    now = sort && stat == known_.stats[number] && is_old(stat, known_) ? Now::same : Now::other;
    looked_.stats[number] = stat;
  }
}

}  // namespace worktrees

#include "worktrees/kept_index.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string_view>

#include <fmt/core.h>
#include <git2.h>

#include "worktrees/fd.h"
#include "worktrees/git_error.h"
#include "worktrees/index_file.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

namespace {

/// A file in the making.
class FreshFile {
 public:
  explicit FreshFile(std::string path)
      : path_(std::move(path)),
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {}

  [[nodiscard]] jobs::Status write(std::string_view piece) const {
    return file_.ok() && write_all(file_.get(), piece)
               ? jobs::ok()
               : jobs::Status(system_error(errno, "write the index", path_));
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  Fd file_;
};

}  // namespace

jobs::Result<std::string> write_index(const Layout& layout, const TreeList& list,
                                      const std::vector<FileStat>& stats,
                                      const std::vector<bool>& written, const FolderNotes& notes,
                                      const std::string& kept_at) {
  const FreshFile index(fmt::format("{}/{}", layout.scratch(), unique_name("index")));
  std::optional<FreshFile> kept;
  if (!kept_at.empty()) {
    kept.emplace(fmt::format("{}/{}", layout.scratch(), unique_name("known")));
  }
  std::string last;
  const auto sink = [&](std::string_view piece) -> jobs::Status {
    last = piece.substr(piece.size() - std::min(piece.size(), std::size_t{GIT_OID_RAWSZ}));
    RUNNER_TRY(index.write(piece));
    return kept ? kept->write(piece) : jobs::ok();
  };
  RUNNER_TRY(index_of(list, stats, sink, written));
  if (kept) {
    RUNNER_TRY(kept->write(notes_behind(last, notes)));
    if (::rename(kept->path().c_str(), kept_at.c_str()) != 0) {
      return system_error(errno, "keep the index", kept_at);
    }
  }
  return index.path();
}

}  // namespace worktrees

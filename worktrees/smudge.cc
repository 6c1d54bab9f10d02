#include "worktrees/smudge.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/key_text.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;

/// A file that is gone with this.
class Passing {
 public:
  explicit Passing(const std::string& folder)
      : path_(fmt::format("{}/{}", folder, unique_name("smudge"))),
        file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  ~Passing() { ::unlink(path_.c_str()); }
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Fd& file() { return file_; }

 private:
  std::string path_;
  Fd file_;
};

}  // namespace

jobs::Status Converted::give(const std::function<jobs::Status(std::string_view)>& sink) const {
  if (!file_.ok()) {
    return sink(text_);
  }
  std::string piece(kPiece, '\0');
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(file_.get(), piece.data(), piece.size(), at);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return system_error(errno, "read", "what a filter made");
    }
    if (got == 0) {
      return jobs::ok();
    }
    RUNNER_TRY(sink(std::string_view(piece).substr(0, static_cast<std::size_t>(got))));
    at += got;
  }
}

jobs::Result<Converted> smudged(const Smudge& smudge, const std::string& filter,
                                std::string_view path, std::string_view content) {
  Passing in(smudge.scratch);
  Passing out(smudge.scratch);
  if (!in.file().ok() || !write_all(in.file().get(), content) || !out.file().ok()) {
    return system_error(errno, "write", smudge.scratch);
  }
  std::vector<std::string> argv = smudge.programs.at(filter);
  for (std::string& word : argv) {
    if (word == "%f") {
      word = path;
    }
  }
  RUNNER_TRY(smudge.runner
                 ->run({.argv = std::move(argv),
                        .cwd = smudge.folder,
                        .env = smudge.env,
                        .input = in.path(),
                        .output = out.file().get(),
                        .deadline = smudge.deadline})
                 .while_doing(fmt::format("making {} with the filter {}", jobs::one_line(path, 300),
                                          filter)));
  return Converted(std::move(out.file()));
}

std::string key_of(const std::map<std::string, std::vector<std::string>>& programs) {
  KeyText text;
  for (const auto& [filter, argv] : programs) {
    text.add(filter);
    text.add(argv);
  }
  return programs.empty() ? "" : text.key();
}

}  // namespace worktrees

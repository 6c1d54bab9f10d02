#include "worktrees/twin.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "worktrees/beneath.h"

namespace worktrees {

namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;

}  // namespace

Twin::Twin(int root, std::string_view path, mode_t mode, std::optional<std::size_t> size)
    : file_(open_beneath(root, path.data(), O_RDWR | O_NONBLOCK)) {
  constexpr mode_t kPermissions = 07777;
  plain_ = file_.ok() && ::fstat(file_.get(), &info_) == 0 && S_ISREG(info_.st_mode) &&
           (info_.st_mode & kPermissions) == mode && info_.st_nlink == 1 &&
           info_.st_uid == ::geteuid();
  likely_ = plain_ && (!size || static_cast<std::size_t>(info_.st_size) == *size);
}

bool Twin::is_rewritable() {
  // Whoever used the folder may have given others a right to the file.
  return plain_ && ::flistxattr(file_.get(), nullptr, 0) == 0 &&
         ::lseek(file_.get(), 0, SEEK_SET) == 0;
}

bool Twin::end_at(std::size_t size) {
  return static_cast<std::size_t>(info_.st_size) <= size ||
         ::ftruncate(file_.get(), static_cast<off_t>(size)) == 0;
}

void Twin::compare(std::string_view piece) {
  while (likely_ && !piece.empty()) {
    const std::size_t wanted = std::min(piece.size(), kPiece);
    piece_.resize(wanted);
    const ssize_t got = ::read(file_.get(), piece_.data(), wanted);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    const auto length = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    likely_ = length > 0 && piece.substr(0, length) == std::string_view(piece_).substr(0, length);
    piece.remove_prefix(std::min(length, piece.size()));
    compared_ += length;
  }
}

std::optional<FileStat> Twin::equal() {
  if (!likely_ || compared_ != static_cast<std::size_t>(info_.st_size)) {
    return std::nullopt;
  }
  return stat_of(info_);
}

}  // namespace worktrees

#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "worktrees/fd.h"
#include "worktrees/file_stat.h"

/// Private to this room.
namespace worktrees {

/// A file that is there already, held against what is to be there.
class Twin {
 public:
  /// Only a plain file with this mode, of this user, that has no other name is likely to be equal;
  /// `size`, where it is known, says so too.
  Twin(int root, std::string_view path, mode_t mode, std::optional<std::size_t> size);

  /// True if it may be written again from its begin, which costs a file system less than another
  /// file: nothing but its content differs from a new one, and no program runs from it.
  [[nodiscard]] bool is_rewritable();
  /// Positioned at its begin once it is rewritable.
  [[nodiscard]] int file() const { return file_.get(); }
  /// Ends it behind `size` bytes. False with errno.
  [[nodiscard]] bool end_at(std::size_t size);

  /// False once a difference was seen.
  [[nodiscard]] bool likely() const { return likely_; }
  /// The next piece of what is to be written.
  void compare(std::string_view piece);
  /// What an index keeps of it, if it has everything that was compared and no more.
  [[nodiscard]] std::optional<FileStat> equal();

 private:
  Fd file_;
  struct stat info_{};
  bool plain_ = false;
  bool likely_ = false;
  std::size_t compared_ = 0;
  std::string piece_;
};

}  // namespace worktrees

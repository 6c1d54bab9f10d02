#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace runner::cli {

/// Reads a file that grows, from its beginning: each call gives what is new. A file that is not
/// there yet gives nothing. One that was truncated or replaced is read from its beginning again.
/// Never follows a symbolic link, never blocks.
class TailFile {
 public:
  explicit TailFile(std::string path) : path_(std::move(path)) {}

  struct Chunk {
    std::string bytes;       ///< empty = nothing new
    bool restarted = false;  ///< the file was cut or replaced before these bytes
  };
  [[nodiscard]] Chunk read(std::size_t most = kChunk);

  static constexpr std::size_t kChunk = 256 * 1024;

 private:
  std::string path_;
  off_t offset_ = 0;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// Cuts a stream of bytes into whole lines, so that no character is torn at a chunk's end. A very
/// long line is given out in parts, between characters.
class LineBuffer {
 public:
  /// What is complete after these bytes, with its newlines.
  [[nodiscard]] std::string feed(std::string_view bytes);
  /// The rest, with a newline if there is one to add.
  [[nodiscard]] std::string finish();

 private:
  std::string rest_;
};

/// The last `most` bytes of a regular file; `cut` says whether something stands before them. Empty
/// if there is none.
struct FileEnd {
  std::string bytes;
  bool cut = false;
};
[[nodiscard]] FileEnd read_end(const std::string& path, std::size_t most);

}  // namespace runner::cli

#include "runner/cli/tail_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace runner::cli {

namespace {

constexpr std::size_t kLongLine = 64 * 1024;

/// A regular file opened for reading, with its status.
class Opened {
 public:
  explicit Opened(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {
    usable_ = descriptor_ >= 0 && fstat(descriptor_, &status_) == 0 && S_ISREG(status_.st_mode);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }

  [[nodiscard]] bool usable() const { return usable_; }
  [[nodiscard]] const struct stat& status() const { return status_; }

  [[nodiscard]] std::string read_at(off_t offset, std::size_t most) const {
    std::string bytes(most, '\0');
    std::size_t have = 0;
    while (have < most) {
      const ssize_t got =
          pread(descriptor_, bytes.data() + have, most - have, offset + static_cast<off_t>(have));
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got <= 0) {
        break;
      }
      have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  }

 private:
  int descriptor_;
  bool usable_ = false;
  struct stat status_{};
};

/// Where to cut `text` near its end without tearing a UTF-8 character.
std::size_t character_border(std::string_view text) {
  constexpr unsigned char kContinuationMask = 0xc0;
  constexpr unsigned char kContinuation = 0x80;
  std::size_t border = text.size();
  for (int back = 0; back < 4 && border > 0; ++back) {
    --border;
    const auto byte = static_cast<unsigned char>(text[border]);
    if ((byte & kContinuationMask) != kContinuation) {
      return border > 0 && byte >= kContinuationMask ? border : text.size();
    }
  }
  return text.size();
}

}  // namespace

TailFile::Chunk TailFile::read(std::size_t most) {
  Chunk chunk;
  const Opened file(path_);
  if (!file.usable()) {
    return chunk;
  }
  const struct stat& status = file.status();
  const bool first = device_ == 0 && inode_ == 0;
  const bool same = status.st_dev == device_ && status.st_ino == inode_;
  if (!first && (!same || status.st_size < offset_)) {
    offset_ = 0;
    chunk.restarted = true;
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
  chunk.bytes = file.read_at(offset_, most);
  offset_ += static_cast<off_t>(chunk.bytes.size());
  return chunk;
}

std::string LineBuffer::feed(std::string_view bytes) {
  rest_ += bytes;
  std::size_t cut = rest_.rfind('\n');
  cut = cut == std::string::npos ? 0 : cut + 1;
  if (rest_.size() - cut > kLongLine) {
    cut = character_border(rest_);
  }
  std::string out = rest_.substr(0, cut);
  rest_.erase(0, cut);
  return out;
}

std::string LineBuffer::finish() {
  std::string out = std::exchange(rest_, {});
  if (!out.empty() && out.back() != '\n') {
    out += '\n';
  }
  return out;
}

FileEnd read_end(const std::string& path, std::size_t most) {
  const Opened file(path);
  if (!file.usable()) {
    return {};
  }
  const off_t begin = std::max<off_t>(0, file.status().st_size - static_cast<off_t>(most));
  return {file.read_at(begin, most), begin > 0};
}

}  // namespace runner::cli

#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

namespace worktrees {

/// Owns one file descriptor; -1 is none. Private to this room.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  /// It is the caller's from now on.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// All of it, or false with errno.
[[nodiscard]] inline bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(file, text.data(), text.size());
    if (put < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(put < 0 ? 0 : static_cast<std::size_t>(put));
  }
  return true;
}

/// `size` bytes, or false: with errno, or 0 if there are fewer.
[[nodiscard]] inline bool read_all(int file, char* to, std::size_t size) {
  while (size > 0) {
    errno = 0;
    const ssize_t got = ::read(file, to, size);
    if (got <= 0 && errno != EINTR) {
      return false;
    }
    to += std::max<ssize_t>(got, 0);
    size -= static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  return true;
}

}  // namespace worktrees

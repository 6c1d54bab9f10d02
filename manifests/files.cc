#include "manifests/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace manifests {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string reason(int code) {
  return std::error_code(code, std::generic_category()).message();
}

}  // namespace

std::expected<std::string, std::string> read_file(const std::string& path, std::size_t most) {
  // O_NONBLOCK: opening a pipe that bears the name must not wait for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    return std::unexpected(reason(errno));
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    return std::unexpected(reason(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(S_ISDIR(status.st_mode) ? "it is a directory"
                                                   : "it is not a regular file");
  }
  std::string text;
  std::array<char, 65536> block{};
  for (;;) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return std::unexpected(reason(errno));
    }
    if (got == 0) {
      return text;
    }
    text.append(block.data(), static_cast<std::size_t>(got));
    if (text.size() > most) {
      return std::unexpected(fmt::format("it has more than {} bytes", most));
    }
  }
}

std::expected<std::vector<std::string>, std::string> toml_names(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  std::filesystem::directory_iterator entry(folder, failed);
  for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    std::string name = entry->path().filename().string();
    if (name.ends_with(".toml") && !name.starts_with('.')) {
      names.push_back(std::move(name));
    }
  }
  if (failed) {
    return std::unexpected(failed.message());
  }
  std::ranges::sort(names);
  return names;
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace manifests

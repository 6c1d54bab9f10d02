#include "worktrees/objects/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "worktrees/fd.h"

namespace worktrees::objects {

jobs::Result<Mapping> Mapping::open(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  if (!file.ok() || ::fstat(file.get(), &info) != 0) {
    const bool gone = errno == ENOENT;
    return jobs::fail(gone ? jobs::ErrorKind::not_found : jobs::ErrorKind::transient,
                      fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  if (!S_ISREG(info.st_mode)) {
    return jobs::fail(jobs::ErrorKind::conflict, fmt::format("{} is not a file", path));
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) {
    return Mapping(nullptr, 0);
  }
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (data == MAP_FAILED) {
    return jobs::fail(jobs::ErrorKind::transient,
                      fmt::format("cannot map {}: {}", path, std::strerror(errno)));
  }
  return Mapping(static_cast<const char*>(data), size);
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) {
    ::munmap(const_cast<char*>(data_), size_);
  }
}

}  // namespace worktrees::objects

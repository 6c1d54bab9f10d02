#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "jobs/base/result.h"

namespace worktrees::objects {

/// A whole regular file, mapped for reading. For files that nobody shortens while they are there:
/// those of our own mirror.
class Mapping {
 public:
  /// not_found: there is none; conflict: something that is no regular file; transient: no memory.
  [[nodiscard]] static jobs::Result<Mapping> open(const std::string& path);
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }

 private:
  Mapping(const char* data, std::size_t size) : data_(data), size_(size) {}

  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace worktrees::objects

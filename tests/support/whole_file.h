#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>

namespace test_support {

/// Everything in a file; "" if it cannot be read. No stream: of a process that ends just now the
/// kernel gives an error for /proc/<pid>/..., and a stream throws.
[[nodiscard]] inline std::string whole_file(const std::string& path) {
  std::string text;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return text;
  }
  char buffer[16384];
  for (ssize_t got = 0; (got = ::read(file, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(file);
  return text;
}

}  // namespace test_support

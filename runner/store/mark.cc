#include "runner/store/mark.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "jobs/base/sha256.h"

namespace runner::store {

namespace {

constexpr std::string_view kWord = "step ";
constexpr std::size_t kDigits = 19;
constexpr std::size_t kCheck = 16;
/// "step ", the number, a space, the beginning of a digest over both, a line end: always as long,
/// so that one write replaces the one before.
constexpr std::size_t kBytes = kWord.size() + kDigits + 1 + kCheck + 1;

std::string text_of(std::int64_t steps) {
  const std::string said = fmt::format("{}{:019}", kWord, steps);
  return fmt::format("{} {}\n", said, jobs::sha256_hex(said).substr(0, kCheck));
}

}  // namespace

StepMark read_mark(int fd) {
  std::array<char, kBytes> bytes{};
  if (::pread(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return std::nullopt;
  }
  std::int64_t steps = 0;
  const char* const begin = bytes.data() + kWord.size();
  const auto parsed = std::from_chars(begin, begin + kDigits, steps);
  if (parsed.ec != std::errc{} || steps < 0 ||
      text_of(steps) != std::string_view(bytes.data(), bytes.size())) {
    return std::nullopt;
  }
  return steps;
}

StepMark read_mark(const std::string& lock_path) {
  const int fd = ::open(lock_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) {
    return std::nullopt;
  }
  const StepMark mark = read_mark(fd);
  ::close(fd);
  return mark;
}

void write_mark(int fd, std::int64_t steps) {
  const std::string text = text_of(steps);
  [[maybe_unused]] const ssize_t written = ::pwrite(fd, text.data(), text.size(), 0);
}

bool has_damaged_mark(const std::string& lock_path) {
  struct stat info{};
  return ::stat(lock_path.c_str(), &info) == 0 && info.st_size > 0 &&
         !read_mark(lock_path).has_value();
}

}  // namespace runner::store

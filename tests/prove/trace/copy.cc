#include "tests/prove/trace/copy.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace prove::trace {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void give_up(const std::string& what) {
  throw std::runtime_error(fmt::format("cannot copy {}: {}", what, std::strerror(errno)));
}

void copy_file(const std::string& from, const std::string& to, const struct stat& status) {
  const int in = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  const int out = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (in < 0 || out < 0) {
    give_up(to);
  }
  for (off_t at = 0; at < status.st_size;) {
    if (::sendfile(out, in, &at, static_cast<std::size_t>(status.st_size - at)) <= 0) {
      give_up(to);
    }
  }
  ::close(in);
  ::close(out);
}

void copy(const std::string& from, const std::string& to) {
  struct stat status{};
  if (::lstat(from.c_str(), &status) != 0) {
    give_up(from);
  }
  if (S_ISLNK(status.st_mode)) {
    fs::copy_symlink(from, to);
    return;
  }
  if (S_ISDIR(status.st_mode)) {
    if (::mkdir(to.c_str(), 0700) != 0) {
      give_up(to);
    }
    for (const auto& entry : fs::directory_iterator(from)) {
      const std::string name = entry.path().filename();
      copy(from + "/" + name, to + "/" + name);
    }
  } else if (S_ISREG(status.st_mode)) {
    copy_file(from, to, status);
  } else {
    return;  // sockets and pipes are of a process that is gone
  }
  ::chmod(to.c_str(), status.st_mode & 07777);
  const timespec times[] = {status.st_atim, status.st_mtim};
  ::utimensat(AT_FDCWD, to.c_str(), times, 0);
}

}  // namespace

void copy_tree(const std::string& from, const std::string& to) {
  remove_tree(to);
  copy(from, to);
}

void remove_tree(const std::string& path) {
  // Removal fails where a process of the last case still makes files: it is tried again.
  for (int round = 0; round < 5; ++round) {
    std::error_code error;
    fs::remove_all(path, error);
    if (!fs::exists(fs::symlink_status(path, error))) {
      return;
    }
    ::usleep(20'000);
  }
  throw std::runtime_error("cannot remove " + path);
}

std::string print_of(const std::string& folder) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = entry.path();
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
      continue;
    }
    std::string content;
    if (S_ISREG(status.st_mode)) {
      std::ifstream in(path, std::ios::binary);
      content.assign(std::istreambuf_iterator<char>(in), {});
    } else if (S_ISLNK(status.st_mode)) {
      content = fs::read_symlink(path);
    }
    lines.push_back(fmt::format("{} {} {:o} {} {}.{} {}.{} {}\n", path, status.st_ino,
                                status.st_mode, status.st_size, status.st_mtim.tv_sec,
                                status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                                status.st_ctim.tv_nsec, std::hash<std::string>()(content)));
  }
  std::ranges::sort(lines);
  return fmt::format("{}", fmt::join(lines, ""));
}

}  // namespace prove::trace

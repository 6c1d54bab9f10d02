#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

/// Taking more of memory, disk and processes than is good for anybody.
namespace fake_agent {

namespace {

constexpr std::size_t kMegabyte = 1U << 20;
constexpr int kHelperLives = 60;  // seconds: nothing of a test lives for ever

/// Touches each page, as what is only asked for costs nothing. Keeps it until the end.
void memory_hog(const std::string& bytes) {
  std::size_t got = 0;
  for (const std::size_t most = std::stoul(bytes); got < most; got += kMegabyte) {
    void* memory =
        ::mmap(nullptr, kMegabyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      break;
    }
    for (std::size_t at = 0; at < kMegabyte; at += 4096) {
      static_cast<volatile char*>(memory)[at] = 1;
    }
  }
  log(fmt::format("memory {}", got));
  put(fmt::format("got {} bytes of memory\n", got));
}

/// "BYTES [FILE]": real bytes, no holes; in the worktree unless a file is named.
void disk_hog(const std::string& argument) {
  const auto words = words_of(argument);
  const std::string path = words.size() > 1 ? words[1] : "hog.bin";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const std::string block(kMegabyte, 'h');
  std::size_t written = 0;
  for (const std::size_t most = std::stoul(words.at(0)); written < most;) {
    const ssize_t got = ::write(fd, block.data(), std::min(block.size(), most - written));
    if (got <= 0) {
      break;
    }
    written += static_cast<std::size_t>(got);
  }
  ::close(fd);
  log(fmt::format("disk {}", written));
  put(fmt::format("wrote {} bytes\n", written));
}

[[noreturn]] void be_a_child(const std::string& shape) {
  ::alarm(kHelperLives);
  log_child(shape);
  for_ever();
}

/// So many children that wait.
void children(const std::string& count) {
  long made = 0;
  for (; made < std::stol(count); ++made) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      be_a_child("child");
    }
    if (pid < 0) {
      break;
    }
  }
  log(fmt::format("children {}", made));
  put(fmt::format("made {} children\n", made));
}

/// Every process forks again, until so many were made or no more can be: bounded, or it would take
/// the machine of the test with it.
void fork_bomb(const std::string& count) {
  void* shared = ::mmap(nullptr, sizeof(std::atomic<long>), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* left = new (shared) std::atomic<long>(std::stol(count));
  const pid_t first = ::getpid();
  while (left->fetch_sub(1) > 0) {
    const pid_t pid = ::fork();
    if (pid < 0) {
      break;
    }
    if (pid == 0) {
      ::alarm(kHelperLives);
      log_child("bomb");
    }
  }
  if (::getpid() != first) {
    for_ever();
  }
  put("boom\n");
}

void memory(const std::string& bytes) {
  void* memory = std::malloc(std::stoul(bytes));
  put(memory == nullptr ? "no memory\n" : "got memory\n");
  std::free(memory);
}

}  // namespace

void add_load_steps(Steps& steps) {
  steps["memory"] = {true, memory};
  steps["memory-hog"] = {true, memory_hog};
  steps["disk-hog"] = {true, disk_hog};
  steps["children"] = {true, children};
  steps["fork-bomb"] = {true, fork_bomb};
}

}  // namespace fake_agent

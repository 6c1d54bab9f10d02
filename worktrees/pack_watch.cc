#include "worktrees/pack_watch.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

#include "worktrees/git_memory.h"

namespace worktrees {
namespace {

// The program's own text and libraries are about half of it.
constexpr std::size_t kMostShared = 28U << 20U;

std::size_t shared_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  std::size_t shared = 0;
  file >> size >> resident >> shared;
  return shared * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// The pages of the windows leave this process and stay in the cache of the file: a later look at
/// them finds the same bytes. Only this thread maps and unmaps windows, and it is here.
void let_go_of_windows() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(" r--s ") == std::string::npos || line.find("/pack_git2_") == std::string::npos) {
      continue;
    }
    std::size_t dash = 0;
    const std::uintptr_t begin = std::stoull(line, &dash, 16);
    const std::uintptr_t end = std::stoull(line.substr(dash + 1), nullptr, 16);
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // NOLINT
  }
}

void look() {
  if (shared_bytes() > kMostShared) {
    let_go_of_windows();
  }
}

}  // namespace

// A window has a record of its own, so making one takes memory.
PackWatch::PackWatch() {
  look_while_git_works(look);
}

PackWatch::~PackWatch() {
  look_while_git_works(nullptr);
  (void)hold_mapped(0);
}

bool PackWatch::goes_on(const git_indexer_progress& progress) {
  if (progress.received_objects != objects_) {
    objects_ = progress.received_objects;
    object_begin_ = progress.received_bytes;
  }
  return hold_mapped(progress.received_bytes - object_begin_);
}

}  // namespace worktrees

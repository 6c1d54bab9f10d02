#include "worktrees/git_memory.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <git2.h>
#include <git2/sys/alloc.h>

#include "jobs/base/planted.h"
#include "worktrees/safe_fs.h"

namespace worktrees {
namespace {

// Signed: a block that was taken before the bound was set is only ever given back.
std::atomic<std::ptrdiff_t> held{0};
std::atomic<std::ptrdiff_t> mapped{0};
thread_local std::size_t refused = 0;
thread_local void (*look_now)() = nullptr;
thread_local unsigned until_look = 0;
constexpr unsigned kLookEvery = 8;

bool fits(std::size_t bytes, std::ptrdiff_t freed = 0) {
  constexpr auto kMost = static_cast<std::ptrdiff_t>(kMostGitMemory);
  if (RUNNER_PLANTED(git_memory_not_bounded)) {
    return true;
  }
  if (bytes <= kMostGitMemory &&
      held.load() + mapped.load() - freed + static_cast<std::ptrdiff_t>(bytes) <= kMost) {
    return true;
  }
  refused = bytes;
  return false;
}

std::ptrdiff_t size_of(void* block) {
  return static_cast<std::ptrdiff_t>(::malloc_usable_size(block));
}

template <typename Block>
Block* counted(Block* block) {
  if (block == nullptr) {
    git_error_set_oom();
  } else {
    held += size_of(block);
  }
  return block;
}

/// nelem * elsize; more than there is if that overflows.
std::size_t product(std::size_t count, std::size_t size) {
  std::size_t bytes = 0;
  return __builtin_mul_overflow(count, size, &bytes) ? static_cast<std::size_t>(-1) : bytes;
}

void* take(std::size_t bytes, const char* /*file*/, int /*line*/) {
  return counted(fits(bytes) ? std::malloc(bytes) : nullptr);
}

void* take_zeroed(std::size_t count, std::size_t size, const char* /*file*/, int /*line*/) {
  if (look_now != nullptr && ++until_look % kLookEvery == 0) {
    look_now();
  }
  return counted(fits(product(count, size)) ? std::calloc(count, size) : nullptr);
}

char* copy_exactly(const char* text, std::size_t length, const char* file, int line) {
  char* copy = static_cast<char*>(take(length + 1, file, line));
  if (copy != nullptr) {
    std::memcpy(copy, text, length);
    copy[length] = '\0';
  }
  return copy;
}

char* copy_at_most(const char* text, std::size_t length, const char* file, int line) {
  return copy_exactly(text, ::strnlen(text, length), file, line);
}

char* copy(const char* text, const char* file, int line) {
  return copy_exactly(text, std::strlen(text), file, line);
}

void* resize(void* block, std::size_t bytes, const char* /*file*/, int /*line*/) {
  const std::ptrdiff_t before = block == nullptr ? 0 : size_of(block);
  // Growing may need both at once, but what is that large is moved by its pages, not copied.
  void* resized = fits(bytes, before) ? std::realloc(block, bytes) : nullptr;
  if (resized != nullptr) {
    held -= before;
  }
  return counted(resized);
}

void* resize_array(void* block, std::size_t count, std::size_t size, const char* file, int line) {
  return resize(block, product(count, size), file, line);
}

void* take_array(std::size_t count, std::size_t size, const char* file, int line) {
  return take(product(count, size), file, line);
}

void give_back(void* block) {
  if (block != nullptr) {
    held -= size_of(block);
    std::free(block);
  }
}

}  // namespace

void bound_git_memory() {
  static git_allocator bounded = {take,   take_zeroed,  copy,       copy_at_most, copy_exactly,
                                  resize, resize_array, take_array, give_back};
  git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &bounded);
}

void read_pack_limits(const std::string& root) {
  git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_SYSTEM, (root + "/git").c_str());
}

jobs::Status write_pack_limits(const std::string& root) {
  // What is larger than deltaCacheSize becomes nobody's delta in libgit2 1.5, by a slip of its own;
  // bigFileThreshold says the same to a version without it.
  constexpr std::string_view kLimits =
      "[core]\n\tbigFileThreshold = 4m\n[pack]\n\tdeltaCacheSize = 4m\n\twindowMemory = 32m\n";
  constexpr const char* kFile = "git/gitconfig";
  const auto there = read_below(root, kFile);
  return there && *there == kLimits ? jobs::ok() : write_below(root, kFile, kLimits);
}

bool hold_mapped(std::size_t bytes) {
  mapped = 0;
  if (!fits(bytes)) {
    git_error_set_oom();
    return false;
  }
  mapped = static_cast<std::ptrdiff_t>(bytes);
  return true;
}

void look_while_git_works(void (*look)()) {
  look_now = look;
}

std::size_t refused_git_bytes() {
  return std::exchange(refused, 0);
}

}  // namespace worktrees

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/prove/trace/calls.h"

namespace prove::trace {

namespace {

bool opens_for_writing(std::uint64_t flags) {
  return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0;
}

Effect effect_of_fcntl(std::uint64_t command) {
  switch (command) {
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW: return Effect::lock;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: return Effect::handle;
    default: return Effect::none;
  }
}

/// What lies in memory, first in a structure of the call.
std::uint64_t number_at(const Call& call, std::uint64_t address) {
  const std::string bytes = bytes_at(call, address, sizeof(std::uint64_t));
  std::uint64_t value = 0;
  std::copy_n(bytes.data(), std::min(bytes.size(), sizeof value), reinterpret_cast<char*>(&value));
  return value;
}

}  // namespace

bool makes_thread(const Call& call) {
  if (call.number == SYS_clone) {
    return (call.arguments[0] & CLONE_THREAD) != 0;
  }
  // Its flags are the first in their structure.
  if (call.number != SYS_clone3) {
    return false;
  }
  return (number_at(call, call.arguments[0]) & CLONE_THREAD) != 0;
}

Effect effect_of(const Call& call) {
  const auto& argument = call.arguments;
  switch (call.number) {
    case SYS_open: return opens_for_writing(argument[1]) ? Effect::file : Effect::none;
    case SYS_openat: return opens_for_writing(argument[2]) ? Effect::file : Effect::none;
    case SYS_openat2:
      return opens_for_writing(number_at(call, argument[2])) ? Effect::file : Effect::none;
    case SYS_mmap: {
      // Only a mapping that is shared and writable reaches its file.
      constexpr std::uint64_t kBoth = MAP_SHARED | MAP_ANONYMOUS;
      const bool shared = (argument[3] & kBoth) == MAP_SHARED;
      return shared && (argument[2] & PROT_WRITE) != 0 ? Effect::file : Effect::none;
    }
    case SYS_write:
    case SYS_pwrite64:
    case SYS_writev:
    case SYS_pwritev:
    case SYS_pwritev2:
    case SYS_sendfile:
    case SYS_copy_file_range:
    case SYS_splice:
    case SYS_creat:
    case SYS_truncate:
    case SYS_ftruncate:
    case SYS_fallocate:
    case SYS_rename:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_mkdir:
    case SYS_mkdirat:
    case SYS_mknod:
    case SYS_mknodat:
    case SYS_rmdir:
    case SYS_link:
    case SYS_linkat:
    case SYS_symlink:
    case SYS_symlinkat:
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_chmod:
    case SYS_fchmod:
    case SYS_fchmodat:
    case SYS_chown:
    case SYS_fchown:
    case SYS_lchown:
    case SYS_fchownat:
    case SYS_utime:
    case SYS_utimes:
    case SYS_futimesat:
    case SYS_utimensat:
    case SYS_setxattr:
    case SYS_lsetxattr:
    case SYS_fsetxattr:
    case SYS_removexattr:
    case SYS_mount:
    case SYS_umount2: return Effect::file;
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_sync:
    case SYS_syncfs:
    case SYS_msync:
    case SYS_sync_file_range: return Effect::sync;
    case SYS_flock: return Effect::lock;
    case SYS_fcntl: return effect_of_fcntl(argument[1]);
    case SYS_pipe:
    case SYS_pipe2:
    case SYS_dup:
    case SYS_dup2:
    case SYS_dup3:
    case SYS_socket:
    case SYS_socketpair:
    case SYS_eventfd2:
    case SYS_signalfd4:
    case SYS_memfd_create: return Effect::handle;
    case SYS_connect:
    case SYS_bind:
    case SYS_listen:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendmmsg: return Effect::network;
    case SYS_clone:
    case SYS_clone3:
    case SYS_fork:
    case SYS_vfork:
    case SYS_execve:
    case SYS_execveat: return Effect::process;
    default: return Effect::none;
  }
}

const std::vector<int>& numbers_with_effect() {
  static const std::vector<int> all = [] {
    std::vector<int> numbers = {SYS_open, SYS_openat, SYS_mmap, SYS_fcntl};
    for (int number = 0; number <= SYS_faccessat2; ++number) {
      Call call;
      call.number = number;
      if (effect_of(call) != Effect::none && std::ranges::find(numbers, number) == numbers.end()) {
        numbers.push_back(number);
      }
    }
    return numbers;
  }();
  return all;
}

}  // namespace prove::trace

#include "tests/prove/trace/calls.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace prove::trace {

namespace {

struct Named {
  int number;
  std::string_view name;
};

#define CALL(name) {SYS_##name, #name}
// clang-format off
constexpr Named kCalls[] = {
    CALL(read),
    CALL(write),
    CALL(open),
    CALL(close),
    CALL(stat),
    CALL(fstat),
    CALL(lstat),
    CALL(poll),
    CALL(lseek),
    CALL(mmap),
    CALL(mprotect),
    CALL(munmap),
    CALL(brk),
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigreturn),
    CALL(ioctl),
    CALL(pread64),
    CALL(pwrite64),
    CALL(readv),
    CALL(writev),
    CALL(access),
    CALL(pipe),
    CALL(select),
    CALL(sched_yield),
    CALL(mremap),
    CALL(msync),
    CALL(madvise),
    CALL(dup),
    CALL(dup2),
    CALL(pause),
    CALL(nanosleep),
    CALL(getpid),
    CALL(sendfile),
    CALL(socket),
    CALL(connect),
    CALL(accept),
    CALL(sendto),
    CALL(recvfrom),
    CALL(sendmsg),
    CALL(recvmsg),
    CALL(shutdown),
    CALL(bind),
    CALL(listen),
    CALL(getsockname),
    CALL(getpeername),
    CALL(socketpair),
    CALL(setsockopt),
    CALL(getsockopt),
    CALL(clone),
    CALL(fork),
    CALL(vfork),
    CALL(execve),
    CALL(exit),
    CALL(wait4),
    CALL(kill),
    CALL(uname),
    CALL(fcntl),
    CALL(flock),
    CALL(fsync),
    CALL(fdatasync),
    CALL(truncate),
    CALL(ftruncate),
    CALL(getdents),
    CALL(getcwd),
    CALL(chdir),
    CALL(fchdir),
    CALL(rename),
    CALL(mkdir),
    CALL(rmdir),
    CALL(creat),
    CALL(link),
    CALL(unlink),
    CALL(symlink),
    CALL(readlink),
    CALL(chmod),
    CALL(fchmod),
    CALL(chown),
    CALL(fchown),
    CALL(lchown),
    CALL(umask),
    CALL(gettimeofday),
    CALL(getrlimit),
    CALL(getrusage),
    CALL(sysinfo),
    CALL(times),
    CALL(ptrace),
    CALL(getuid),
    CALL(syslog),
    CALL(getgid),
    CALL(setuid),
    CALL(setgid),
    CALL(geteuid),
    CALL(getegid),
    CALL(setpgid),
    CALL(getppid),
    CALL(getpgrp),
    CALL(setsid),
    CALL(sigaltstack),
    CALL(utime),
    CALL(mknod),
    CALL(statfs),
    CALL(fstatfs),
    CALL(prctl),
    CALL(arch_prctl),
    CALL(setrlimit),
    CALL(sync),
    CALL(mount),
    CALL(umount2),
    CALL(gettid),
    CALL(setxattr),
    CALL(lsetxattr),
    CALL(fsetxattr),
    CALL(getxattr),
    CALL(lgetxattr),
    CALL(fgetxattr),
    CALL(listxattr),
    CALL(removexattr),
    CALL(tkill),
    CALL(time),
    CALL(futex),
    CALL(sched_setaffinity),
    CALL(sched_getaffinity),
    CALL(getdents64),
    CALL(set_tid_address),
    CALL(restart_syscall),
    CALL(clock_gettime),
    CALL(clock_getres),
    CALL(clock_nanosleep),
    CALL(exit_group),
    CALL(epoll_wait),
    CALL(epoll_ctl),
    CALL(tgkill),
    CALL(utimes),
    CALL(waitid),
    CALL(openat),
    CALL(mkdirat),
    CALL(mknodat),
    CALL(fchownat),
    CALL(futimesat),
    CALL(newfstatat),
    CALL(unlinkat),
    CALL(renameat),
    CALL(linkat),
    CALL(symlinkat),
    CALL(readlinkat),
    CALL(fchmodat),
    CALL(faccessat),
    CALL(pselect6),
    CALL(ppoll),
    CALL(unshare),
    CALL(set_robust_list),
    CALL(get_robust_list),
    CALL(splice),
    CALL(sync_file_range),
    CALL(utimensat),
    CALL(signalfd),
    CALL(eventfd),
    CALL(fallocate),
    CALL(accept4),
    CALL(signalfd4),
    CALL(eventfd2),
    CALL(epoll_create1),
    CALL(dup3),
    CALL(pipe2),
    CALL(preadv),
    CALL(pwritev),
    CALL(prlimit64),
    CALL(syncfs),
    CALL(sendmmsg),
    CALL(getcpu),
    CALL(renameat2),
    CALL(seccomp),
    CALL(getrandom),
    CALL(memfd_create),
    CALL(execveat),
    CALL(copy_file_range),
    CALL(preadv2),
    CALL(pwritev2),
    CALL(statx),
    CALL(rseq),
    CALL(pidfd_send_signal),
    CALL(pidfd_open),
    CALL(clone3),
    CALL(close_range),
    CALL(openat2),
    CALL(pidfd_getfd),
    CALL(faccessat2),
};
// clang-format on
#undef CALL

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

}  // namespace

std::string name_of(int number) {
  const auto* found = std::ranges::find(kCalls, number, &Named::number);
  return found == std::end(kCalls) ? "call-" + std::to_string(number) : std::string(found->name);
}

int number_of(std::string_view name) {
  const auto* found = std::ranges::find(kCalls, name, &Named::name);
  return found == std::end(kCalls) ? -1 : found->number;
}

bool makes_thread(const Call& call) {
  if (call.number == SYS_clone) {
    return (call.arguments[0] & CLONE_THREAD) != 0;
  }
  // The flags of clone3 lie in memory, first in their structure.
  if (call.number != SYS_clone3) {
    return false;
  }
  const std::string flags = bytes_at(call, call.arguments[0], sizeof(std::uint64_t));
  std::uint64_t value = 0;
  std::copy_n(flags.data(), std::min(flags.size(), sizeof value), reinterpret_cast<char*>(&value));
  return (value & CLONE_THREAD) != 0;
}

Effect effect_of(const Call& call) {
  const auto& argument = call.arguments;
  switch (call.number) {
    case SYS_open: return opens_for_writing(argument[1]) ? Effect::file : Effect::none;
    case SYS_openat: return opens_for_writing(argument[2]) ? Effect::file : Effect::none;
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
    case SYS_openat2:
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

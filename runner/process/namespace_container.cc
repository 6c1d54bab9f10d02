#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "runner/process/container.h"
#include "runner/process/container_init.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"
#include "runner/process/init_container.h"
#include "runner/process/loopback.h"

namespace runner::process {

using jobs::ErrorKind;
using jobs::Result;

namespace {

// The mount flags a remount must repeat: a user namespace may not take them away.
unsigned long kept_flags(const std::string& path) {
  struct statvfs status{};
  if (::statvfs(path.c_str(), &status) != 0) {
    return 0;
  }
  unsigned long flags = 0;
  const auto keep = [&](unsigned long have, unsigned long flag) {
    flags |= (status.f_flag & have) != 0 ? flag : 0;
  };
  keep(ST_NOSUID, MS_NOSUID);
  keep(ST_NODEV, MS_NODEV);
  keep(ST_NOEXEC, MS_NOEXEC);
  keep(ST_NOATIME, MS_NOATIME);
  keep(ST_NODIRATIME, MS_NODIRATIME);
  keep(ST_RELATIME, MS_RELATIME);
  return flags;
}

// A /proc that shows nothing from outside, and a turn directory in which the program may write only
// below agent/. Neither is possible everywhere; what is missing is said, not fatal.
std::string set_up_mounts(const TurnPaths& paths) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return "mounts of its own";
  }
  std::string lacks;
  const char* directory = paths.directory.c_str();
  const char* agent = paths.agent.c_str();
  const bool protect =
      ::mount(directory, directory, nullptr, MS_BIND, nullptr) == 0 &&
      ::mount(agent, agent, nullptr, MS_BIND, nullptr) == 0 &&
      ::mount(nullptr, directory, nullptr,
              MS_BIND | MS_REMOUNT | MS_RDONLY | kept_flags(paths.directory), nullptr) == 0;
  if (!protect) {
    lacks = "a read-only turn directory";
  }
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    lacks += lacks.empty() ? "" : ", ";
    lacks += "a /proc of its own";
  }
  return lacks;
}

// The first process of the namespace. It has the supervisor's memory, so it forgets what the
// program must not learn.
[[noreturn]] void init_main(int socket, const Launch& what, const TurnPaths& paths) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "runner-init");
  close_all_but({socket, what.output, what.errors});
  await_go(socket);
  wipe_environment();
  std::string lacks = set_up_mounts(paths);
  if (what.network == jobs::Network::loopback && !bring_loopback_up()) {
    lacks += lacks.empty() ? "" : ", ";
    lacks += "a loopback that is up";
  }
  run_as_init(socket, what, lacks);
}

jobs::Status map_ids(pid_t init) {
  const auto put = [&](const char* file, const std::string& content) -> jobs::Status {
    const std::string path = fmt::format("/proc/{}/{}", init, file);
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.valid()) {
      return system_error(errno, "open", path);
    }
    return write_all(fd.get(), content, path);
  };
  RUNNER_TRY(put("setgroups", "deny"));
  RUNNER_TRY(put("uid_map", fmt::format("{0} {0} 1", ::geteuid())));
  return put("gid_map", fmt::format("{0} {0} 1", ::getegid()));
}

}  // namespace

Result<std::unique_ptr<Container>> start_in_namespace(const Launch& what, const TurnPaths& paths,
                                                      bool own_user_namespace) {
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    return system_error(errno, "make", "a socket pair");
  }
  Fd ours(pair[0]);
  Fd theirs(pair[1]);
  Launch adjusted = what;
  unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | SIGCHLD;
  flags |= what.network == jobs::Network::all ? 0UL : static_cast<unsigned long>(CLONE_NEWNET);
  if (own_user_namespace) {
    flags |= CLONE_NEWUSER;
    adjusted.processes += adjusted.processes > 0 ? 1 : 0;  // init counts too
  }
  // The raw call with an empty stack is fork() with namespaces. It takes no locks for other
  // threads: there must be none.
  const auto init = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0));
  if (init == 0) {
    init_main(theirs.get(), adjusted, paths);
  }
  if (init < 0) {
    const int error_number = errno;
    auto error = system_error(error_number, "make", "a PID namespace");
    if (error_number == EINVAL || error_number == ENOSPC || error_number == ENOSYS ||
        error_number == EUSERS) {
      error.kind = ErrorKind::denied;  // not built in, or a limit of zero: refused for good
    }
    return error;
  }
  theirs.reset();
  auto container = std::make_unique<InitContainer>("pid-namespace", init, std::move(ours));
  if (own_user_namespace) {
    if (auto mapped = map_ids(init); !mapped) {
      mapped.error().kind = ErrorKind::denied;
      return std::move(mapped).error();
    }
  }
  RUNNER_TRY(container->let_go());
  return std::unique_ptr<Container>(std::move(container));
}

}  // namespace runner::process

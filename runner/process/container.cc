#include "runner/process/container.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "runner/process/files.h"

namespace runner::process {

using jobs::ErrorKind;
using jobs::Result;

Result<std::unique_ptr<Container>> start_contained(const Launch& what, jobs::Containment wish,
                                                   const TurnPaths& paths) {
  if (wish == jobs::Containment::group) {
    return start_in_group(what, paths);
  }
  // Without a user namespace first: it needs CAP_SYS_ADMIN, which root usually has; then as an
  // ordinary user can.
  auto inside = start_in_namespace(what, paths, false);
  if (!inside && inside.error().kind == ErrorKind::denied) {
    inside = start_in_namespace(what, paths, true);
  }
  const bool refused = !inside && inside.error().kind == ErrorKind::denied;
  if (!refused) {
    return inside;
  }
  if (wish != jobs::Containment::automatic) {
    return std::move(inside).error().with_hint(
        "containment = \"strong\" needs PID namespaces: allow them, or set \"auto\"");
  }
  return start_in_group(what, paths);
}

std::string strongest_containment() {
  for (const unsigned long extra : {0UL, static_cast<unsigned long>(CLONE_NEWUSER)}) {
    const unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | extra | SIGCHLD;
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0));
    if (pid == 0) {
      ::_exit(0);
    }
    if (pid > 0) {
      while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
      return "pid-namespace";
    }
  }
  return "group";
}

void wipe_environment() {
  if (RUNNER_PLANTED(environment_not_scrubbed)) {
    return;
  }
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::memset(*entry, 0, std::strlen(*entry));
  }
  // Empty, not null as after clearenv(): Boost.Process reads through it.
  static char* nothing[] = {nullptr};
  ::environ = nothing;
}

}  // namespace runner::process

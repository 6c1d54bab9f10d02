#include "runner/process/container.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "runner/process/cgroup.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"
#include "runner/process/turn_environment.h"

namespace runner::process {

using jobs::ErrorKind;
using jobs::Result;

namespace {

using Start = Result<std::unique_ptr<Container>>;

Start try_namespace(const Launch& what, const TurnPaths& paths) {
  // Without a user namespace first: it needs CAP_SYS_ADMIN, which root usually has; then as an
  // ordinary user can.
  auto inside = start_in_namespace(what, paths, false);
  if (!inside && inside.error().kind == ErrorKind::denied) {
    inside = start_in_namespace(what, paths, true);
  }
  return inside;
}

bool wants(jobs::Containment wish, jobs::Containment level) {
  // In a control group, as in a process group, an agent sees its supervisor and can stop it.
  const bool hides_us =
      level == jobs::Containment::sandbox || level == jobs::Containment::pid_namespace;
  return wish == level || wish == jobs::Containment::automatic ||
         (wish == jobs::Containment::strong && hides_us);
}

}  // namespace

Result<std::unique_ptr<Container>> start_contained(const Launch& what, jobs::Containment wish,
                                                   const SandboxNeeds& needs,
                                                   const TurnPaths& paths) {
  using enum jobs::Containment;
  std::string refusals;
  for (const jobs::Containment level : {sandbox, pid_namespace, cgroup, group}) {
    if (!wants(wish, level)) {
      continue;
    }
    Start started = jobs::fail(
        ErrorKind::denied, fmt::format("it cannot hold network = \"{}\"", to_string(what.network)));
    if (level == sandbox) {
      started = start_in_sandbox(what, needs, paths);
    } else if (level == pid_namespace) {
      started = try_namespace(what, paths);
    } else if (what.network == jobs::Network::all) {
      started = level == cgroup ? start_in_cgroup(what, paths) : start_in_group(what, paths);
    }
    if (started || started.error().kind != ErrorKind::denied) {
      return started;
    }
    refusals += fmt::format("{}{}: {}", refusals.empty() ? "" : "; ", to_string(level),
                            started.error().message);
  }
  return jobs::fail(
      ErrorKind::denied,
      fmt::format("containment = \"{}\" cannot be had here ({})", to_string(wish), refusals),
      "allow what is missing, or declare a containment and a network that this host can hold");
}

std::string find_bubblewrap(
    const std::function<std::optional<std::string>(const std::string& name)>& lookup) {
  if (const auto named = lookup("RUNNER_BUBBLEWRAP"); named && !named->empty()) {
    return named->front() == '/' && exists(*named) ? *named : std::string();
  }
  const auto path = lookup("PATH");
  return find_program("bwrap", path ? *path : "/usr/local/bin:/usr/bin:/bin", "/").value_or("");
}

namespace {

bool sandbox_works() {
  const std::string program = find_bubblewrap(process_environment());
  if (program.empty()) {
    return false;
  }
  // Unlike a real one it shows everything: what is asked is whether the kernel lets it be made.
  const std::vector<std::string> words = {"bwrap",
                                          "--unshare-pid",
                                          "--unshare-ipc",
                                          "--unshare-uts",
                                          "--unshare-net",
                                          "--ro-bind",
                                          "/",
                                          "/",
                                          "--proc",
                                          "/proc",
                                          "--dev",
                                          "/dev",
                                          "--",
                                          "/bin/true"};
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const auto pid = launch({.program = program,
                           .argv = words,
                           .env = {},
                           .cwd = "/",
                           .output = null.get(),
                           .marker = {}});
  int status = -1;
  while (pid && ::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  return pid && status == 0;
}

}  // namespace

std::string strongest_containment() {
  if (sandbox_works()) {
    return "sandbox";
  }
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
  return Cgroup::make(fmt::format("runner-probe-{}", ::getpid())) ? "cgroup" : "group";
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

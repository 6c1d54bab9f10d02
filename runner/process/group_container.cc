#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "jobs/base/planted.h"
#include "runner/process/cgroup.h"
#include "runner/process/container.h"
#include "runner/process/container_init.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"
#include "runner/process/identity.h"

namespace runner::process {

using jobs::Result;

namespace {

// Outlives us where we are killed, and then ends what is in the control group. It has nothing but
// the end of a pipe that closes with us.
class Guard {
 public:
  explicit Guard(const Cgroup& group) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      return;
    }
    Fd read_end(ends[0]);
    ours_.reset(ends[1]);
    pid_ = ::fork();
    if (pid_ != 0) {
      return;
    }
    ::setsid();
    ::prctl(PR_SET_NAME, "runner-guard");
    ours_.reset();
    close_all_but({read_end.get(), -1, -1});
    const std::string& path = group.path();
    const auto own = Cgroup::open(path, path.substr(path.rfind('/') + 1));
    char byte = 0;
    while (::read(read_end.get(), &byte, 1) < 0 && errno == EINTR) {
    }
    if (own) {
      own->kill();
      ::rmdir(path.c_str());
    }
    ::_exit(0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  Fd ours_;
  pid_t pid_ = -1;
};

// Everything below us, because as subreaper we inherit what the program's children leave behind;
// and everything with the marker, for what was started in the moment between two looks. With a
// control group the kernel knows them all, as long as none may leave it.
class GroupContainer final : public Container {
 public:
  GroupContainer(std::optional<Cgroup> cgroup, std::optional<Guard> guard, std::string marker,
                 std::string lacks)
      : cgroup_(std::move(cgroup)),
        guard_(std::move(guard)),
        marker_(std::move(marker)),
        lacks_(std::move(lacks)) {}
  ~GroupContainer() override { kill_all(); }

  jobs::Status start(const Launch& what) {
    RUNNER_ASSIGN(pid_, launch(what));
    wake_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    return jobs::ok();
  }

  std::string_view name() const override { return cgroup_ ? "cgroup" : "group"; }
  const std::string& lacks() const override { return lacks_; }
  int wake_fd() const override { return end_ ? -1 : wake_.get(); }

  std::optional<ProgramEnd> poll() override {
    reap();
    return end_;
  }

  void terminate() override {
    ::kill(-pid_, SIGTERM);
    for (const pid_t pid : members()) {
      if (::getpgid(pid) != pid_) {
        ::kill(pid, SIGTERM);
      }
    }
  }

  void kill_all() override {
    if (pid_ <= 0) {
      return;
    }
    if (RUNNER_PLANTED(group_kill_only)) {
      ::kill(-pid_, SIGKILL);
      return;
    }
    if (cgroup_) {
      cgroup_->kill();
    }
    kill_until_gone([this] { return members(); }, [this] { reap(); });
    reap();
  }

 private:
  std::vector<pid_t> members() const {
    auto result = descendants_of(::getpid());
    const auto more = [&](const std::vector<pid_t>& pids) {
      for (const pid_t pid : pids) {
        if (std::ranges::find(result, pid) == result.end()) {
          result.push_back(pid);
        }
      }
    };
    more(census(marker_));
    if (cgroup_) {
      more(cgroup_->members());
    }
    if (guard_) {
      std::erase(result, guard_->pid());
    }
    return result;
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == pid_) {
        end_ = ProgramEnd{.exited = WIFEXITED(status),
                          .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                          .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                          .note = {}};
      }
    }
  }

  std::optional<Cgroup> cgroup_;
  std::optional<Guard> guard_;
  pid_t pid_ = -1;
  std::string marker_;
  Fd wake_;
  std::optional<ProgramEnd> end_;
  std::string lacks_;
};

// RLIMIT_NPROC counts all processes of the user, so ours are those beyond the ones that are there
// already.
std::int64_t processes_of_user() {
  return static_cast<std::int64_t>(all_processes().size());
}

Result<std::unique_ptr<Container>> start(const Launch& what, const TurnPaths& paths,
                                         std::optional<Cgroup> cgroup, std::string lacks) {
  Launch adjusted = what;
  if (adjusted.processes > 0) {
    adjusted.processes += processes_of_user();
  }
  std::optional<Guard> guard;
  if (cgroup) {
    adjusted.cgroup = cgroup->procs();
    guard.emplace(*cgroup);
  }
  auto container = std::make_unique<GroupContainer>(std::move(cgroup), std::move(guard),
                                                    paths.marker, std::move(lacks));
  RUNNER_TRY(container->start(adjusted));
  return std::unique_ptr<Container>(std::move(container));
}

}  // namespace

Result<std::unique_ptr<Container>> start_in_cgroup(const Launch& what, const TurnPaths& paths) {
  RUNNER_ASSIGN(Cgroup cgroup, Cgroup::make(cgroup_name(paths.marker)));
  std::string lacks = cgroup.limit(what.memory_bytes, what.processes);
  // Where a later tick finds it if we die.
  RUNNER_TRY(write_once(paths.cgroup, cgroup.path()));
  return start(what, paths, std::move(cgroup), std::move(lacks));
}

Result<std::unique_ptr<Container>> start_in_group(const Launch& what, const TurnPaths& paths) {
  return start(what, paths, std::nullopt, "a PID namespace");
}

}  // namespace runner::process

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "jobs/base/planted.h"
#include "runner/process/container.h"
#include "runner/process/fd.h"
#include "runner/process/identity.h"

namespace runner::process {

using jobs::Result;

namespace {

// Everything below us, because as subreaper we inherit what the program's children leave behind;
// and everything with the marker, for what was started in the moment between two looks.
class GroupContainer final : public Container {
 public:
  GroupContainer(pid_t pid, std::string marker) : pid_(pid), marker_(std::move(marker)) {
    wake_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  }
  ~GroupContainer() override { kill_all(); }

  std::string_view name() const override { return "group"; }
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
    if (RUNNER_PLANTED(group_kill_only)) {
      ::kill(-pid_, SIGKILL);
      return;
    }
    kill_until_gone([this] { return members(); }, [this] { reap(); });
    reap();
  }

 private:
  std::vector<pid_t> members() const {
    auto result = descendants_of(::getpid());
    for (const pid_t pid : census(marker_)) {
      if (std::ranges::find(result, pid) == result.end()) {
        result.push_back(pid);
      }
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

  pid_t pid_;
  std::string marker_;
  Fd wake_;
  std::optional<ProgramEnd> end_;
  std::string lacks_ = "a PID namespace";
};

// RLIMIT_NPROC counts all processes of the user, so ours are those beyond the ones that are there
// already.
std::int64_t processes_of_user() {
  return static_cast<std::int64_t>(all_processes().size());
}

}  // namespace

Result<std::unique_ptr<Container>> start_in_group(const Launch& what, const TurnPaths& paths) {
  Launch adjusted = what;
  if (adjusted.processes > 0) {
    adjusted.processes += processes_of_user();
  }
  RUNNER_ASSIGN(const pid_t pid, launch(adjusted));
  return std::unique_ptr<Container>(std::make_unique<GroupContainer>(pid, paths.marker));
}

}  // namespace runner::process

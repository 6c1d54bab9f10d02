#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "runner/process/container.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"

namespace runner::process {

using jobs::ErrorKind;
using jobs::Result;

namespace {

// What the namespace's init tells the supervisor, one packet each.
struct Message {
  enum class Kind : int { started, failed, ended } kind = Kind::failed;
  int value = 0;        // ended: wait status; failed: ErrorKind
  char text[500] = {};  // started: what is lacking; failed: why
};

void tell(int socket, Message::Kind kind, int value, std::string_view text) {
  Message message;
  message.kind = kind;
  message.value = value;
  std::memcpy(message.text, text.data(), std::min(text.size(), sizeof message.text - 1));
  while (::send(socket, &message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

void close_all_but(int first, int second) {
  const auto [low, high] = std::minmax(first, second);
  const auto close = [](int from, int to) {
    if (from <= to) {
      ::syscall(SYS_close_range, static_cast<unsigned>(from), static_cast<unsigned>(to), 0);
    }
  };
  close(3, low - 1);
  close(low + 1, high - 1);
  close(high + 1, ~0U >> 1);
}

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

void serve_as_init(int socket, pid_t program) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  const int signals = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  while (true) {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == program) {
        tell(socket, Message::Kind::ended, status, {});
      }
    }
    pollfd waiting[] = {{socket, POLLIN, 0}, {signals, POLLIN, 0}};
    ::poll(waiting, 2, -1);
    if ((waiting[1].revents & POLLIN) != 0) {
      signalfd_siginfo info[8];
      [[maybe_unused]] const ssize_t got = ::read(signals, info, sizeof info);
    }
    if (waiting[0].revents != 0) {
      char command = 0;
      if (::recv(socket, &command, 1, 0) <= 0) {
        return;  // the supervisor is gone, and with us goes everything else in here
      }
      if (command == 'T') {
        ::kill(-1, SIGTERM);
      }
    }
  }
}

// The first process of the namespace. It has the supervisor's memory, so it forgets what the
// program must not learn.
[[noreturn]] void init_main(int socket, const Launch& what, const TurnPaths& paths) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "runner-init");
  close_all_but(socket, what.output);
  char go = 0;
  if (::recv(socket, &go, 1, 0) != 1) {
    ::_exit(1);
  }
  wipe_environment();
  const std::string lacks = set_up_mounts(paths);
  ::prctl(PR_SET_DUMPABLE, 0);
  auto program = launch(what);
  ::close(what.output);
  if (!program) {
    tell(socket, Message::Kind::failed, static_cast<int>(program.error().kind),
         program.error().message);
    ::_exit(1);
  }
  tell(socket, Message::Kind::started, 0, lacks);
  serve_as_init(socket, *program);
  ::_exit(0);
}

class NamespaceContainer final : public Container {
 public:
  NamespaceContainer(pid_t init, Fd socket) : init_(init), socket_(std::move(socket)) {}
  ~NamespaceContainer() override { kill_all(); }

  std::string_view name() const override { return "pid-namespace"; }
  const std::string& lacks() const override { return lacks_; }
  int wake_fd() const override { return end_ ? -1 : socket_.get(); }

  // Waits for the first word of init.
  jobs::Status await_start() {
    Message message;
    ssize_t got = -1;
    while ((got = ::recv(socket_.get(), &message, sizeof message, 0)) < 0 && errno == EINTR) {
    }
    message.text[sizeof message.text - 1] = '\0';
    if (got == static_cast<ssize_t>(sizeof message) && message.kind == Message::Kind::started) {
      lacks_ = message.text;
      return jobs::ok();
    }
    kill_all();
    if (got == static_cast<ssize_t>(sizeof message) && message.kind == Message::Kind::failed) {
      // Not `denied`: that stands for a namespace that the kernel refuses.
      return jobs::fail(ErrorKind::not_found, message.text);
    }
    // Not a word: it was killed, and nobody knows whether the program had begun. That is the end of
    // a program that did, for what may have been spent is not free.
    end_ = killed_from_outside("the first process of its container was killed while it started");
    return jobs::ok();
  }

  std::optional<ProgramEnd> poll() override {
    if (end_) {
      return end_;
    }
    Message message;
    const ssize_t got = ::recv(socket_.get(), &message, sizeof message, MSG_DONTWAIT);
    if (got == static_cast<ssize_t>(sizeof message) && message.kind == Message::Kind::ended) {
      const int status = message.value;
      end_ = ProgramEnd{.exited = WIFEXITED(status),
                        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                        .note = {}};
    } else if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
      kill_all();
      end_ = killed_from_outside("its container was killed from outside (out of memory?)");
    }
    return end_;
  }

  // Lets init go on, which waits for one byte.
  jobs::Status let_go() {
    if (say('G')) {
      return jobs::ok();
    }
    // Without the byte init waits for ever, and nobody may wait for it.
    return system_error(errno, "start", "the first process of a namespace");
  }

  void terminate() override { (void)say('T'); }

  void kill_all() override {
    if (init_ <= 0) {
      return;
    }
    ::kill(init_, SIGKILL);
    // The kernel lets init go only after everything else in its namespace is gone.
    for (int round = 0; round < 2000; ++round) {
      const pid_t waited = ::waitpid(init_, nullptr, WNOHANG);
      if (waited == init_ || (waited < 0 && errno == ECHILD)) {
        init_ = -1;
        return;
      }
      const timespec pause{0, 5'000'000};
      ::nanosleep(&pause, nullptr);
    }
  }

 private:
  static ProgramEnd killed_from_outside(std::string note) {
    return {.exited = false, .code = 0, .signal = SIGKILL, .note = std::move(note)};
  }

  bool say(char command) {
    int tries = 100;
    ssize_t sent = -1;
    while ((sent = ::send(socket_.get(), &command, 1, MSG_NOSIGNAL)) < 0 && errno == EINTR &&
           --tries > 0) {
    }
    return sent == 1;
  }

  pid_t init_;
  Fd socket_;
  std::string lacks_;
  std::optional<ProgramEnd> end_;
};

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
  auto container = std::make_unique<NamespaceContainer>(init, std::move(ours));
  if (own_user_namespace) {
    if (auto mapped = map_ids(init); !mapped) {
      mapped.error().kind = ErrorKind::denied;
      return std::move(mapped).error();
    }
  }
  RUNNER_TRY(container->let_go());
  RUNNER_TRY(container->await_start());
  return std::unique_ptr<Container>(std::move(container));
}

}  // namespace runner::process

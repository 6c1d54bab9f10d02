#include "runner/process/container_init.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace runner::process {

namespace {

void serve(int socket, pid_t program) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  const int signals = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  while (true) {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == program) {
        tell(socket, InitMessage::Kind::ended, status, {});
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

}  // namespace

void tell(int socket, InitMessage::Kind kind, int value, std::string_view text) {
  InitMessage message;
  message.kind = kind;
  message.value = value;
  std::memcpy(message.text, text.data(), std::min(text.size(), sizeof message.text - 1));
  while (::send(socket, &message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

void close_all_but(std::array<int, 3> kept) {
  std::ranges::sort(kept);
  const auto close = [](int from, int to) {
    if (from <= to) {
      ::syscall(SYS_close_range, static_cast<unsigned>(from), static_cast<unsigned>(to), 0);
    }
  };
  int from = 3;
  for (const int fd : kept) {
    close(from, fd - 1);
    from = std::max(from, fd + 1);
  }
  close(from, ~0U >> 1);
}

void await_go(int socket) {
  char go = 0;
  if (::recv(socket, &go, 1, 0) != 1) {
    ::_exit(1);
  }
}

void run_as_init(int socket, const Launch& what, std::string_view lacks) {
  ::prctl(PR_SET_DUMPABLE, 0);
  auto program = launch(what);
  ::close(what.output);
  if (what.errors >= 0) {
    ::close(what.errors);
  }
  if (!program) {
    tell(socket, InitMessage::Kind::failed, static_cast<int>(program.error().kind),
         program.error().message);
    ::_exit(1);
  }
  tell(socket, InitMessage::Kind::started, 0, lacks);
  serve(socket, *program);
  ::_exit(0);
}

}  // namespace runner::process

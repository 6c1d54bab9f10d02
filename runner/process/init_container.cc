#include "runner/process/init_container.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "runner/process/container_init.h"
#include "runner/process/files.h"

namespace runner::process {

using jobs::ErrorKind;

namespace {

ProgramEnd killed_from_outside(std::string note) {
  return {.exited = false, .code = 0, .signal = SIGKILL, .note = std::move(note)};
}

}  // namespace

bool InitContainer::await_ready() {
  const int yes = 1;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
  InitMessage message;
  iovec part{&message, sizeof message};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got = -1;
  while ((got = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (got != static_cast<ssize_t>(sizeof message) || message.kind != InitMessage::Kind::ready) {
    kill_all();
    return false;
  }
  // The kernel says who sent it, in pids as we see them.
  const cmsghdr* first = CMSG_FIRSTHDR(&header);
  if (first != nullptr && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_CREDENTIALS) {
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(first), sizeof sender);
    if (sender.pid > 0 && sender.pid != child_) {
      init_.reset(static_cast<int>(::syscall(SYS_pidfd_open, sender.pid, 0)));
    }
  }
  const int no = 0;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_PASSCRED, &no, sizeof no);
  return true;
}

jobs::Status InitContainer::let_go() {
  // Without the byte init waits for ever, and nobody may wait for it.
  if (!say('G')) {
    return system_error(errno, "start", "the first process of a container");
  }
  return await_start();
}

void InitContainer::lacks_also(const std::string& what) {
  lacks_ += lacks_.empty() ? what : ", " + what;
}

// Waits for the first word of init.
jobs::Status InitContainer::await_start() {
  InitMessage message;
  ssize_t got = -1;
  while ((got = ::recv(socket_.get(), &message, sizeof message, 0)) < 0 && errno == EINTR) {
  }
  message.text[sizeof message.text - 1] = '\0';
  if (got == static_cast<ssize_t>(sizeof message) && message.kind == InitMessage::Kind::started) {
    if (message.text[0] != '\0') {
      lacks_also(message.text);
    }
    return jobs::ok();
  }
  kill_all();
  if (got == static_cast<ssize_t>(sizeof message) && message.kind == InitMessage::Kind::failed) {
    // Not `denied`: that stands for a container that the kernel refuses.
    return jobs::fail(ErrorKind::not_found, message.text);
  }
  // Not a word: it was killed, and nobody knows whether the program had begun. That is the end of
  // a program that did, for what may have been spent is not free.
  end_ = killed_from_outside("the first process of its container was killed while it started");
  return jobs::ok();
}

std::optional<ProgramEnd> InitContainer::poll() {
  if (end_) {
    return end_;
  }
  InitMessage message;
  const ssize_t got = ::recv(socket_.get(), &message, sizeof message, MSG_DONTWAIT);
  if (got == static_cast<ssize_t>(sizeof message) && message.kind == InitMessage::Kind::ended) {
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

void InitContainer::kill_all() {
  if (child_ <= 0) {
    return;
  }
  if (init_.valid()) {
    ::syscall(SYS_pidfd_send_signal, init_.get(), SIGKILL, nullptr, 0U);
  } else {
    ::kill(child_, SIGKILL);
  }
  // The kernel lets init go only after everything else in its namespace is gone; who waits for init
  // inside our child goes after it.
  for (int round = 0; round < 2000; ++round) {
    const pid_t waited = ::waitpid(child_, nullptr, WNOHANG);
    if (waited == child_ || (waited < 0 && errno == ECHILD)) {
      child_ = -1;
      return;
    }
    if (round == 1000) {
      ::kill(child_, SIGKILL);
    }
    const timespec pause{0, 5'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

bool InitContainer::say(char command) const {
  int tries = 100;
  ssize_t sent = -1;
  while ((sent = ::send(socket_.get(), &command, 1, MSG_NOSIGNAL)) < 0 && errno == EINTR &&
         --tries > 0) {
  }
  return sent == 1;
}

}  // namespace runner::process

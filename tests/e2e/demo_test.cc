// The demo is the end-to-end test: the real binary, the local tracker, real git, real processes,
// real pushes. It checks itself and ends non-zero if anything that it tells did not happen. Here it
// runs without a terminal, as under cron, and on one.
#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace {

struct Outcome {
  int exit_code = -1;
  std::string output;
};

/// Reads until the other end is closed. A pseudo terminal reports that as an error.
std::string read_all(int fd) {
  std::string output;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count <= 0) {
      return output;
    }
    output.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

[[noreturn]] void become_demo() {
  execl("/bin/bash", "bash", RUNNER_SOURCE_DIR "/tests/demo/demo.sh", RUNNER_BINARY,
        static_cast<char*>(nullptr));
  _exit(127);
}

Outcome finish(pid_t child, int fd) {
  Outcome outcome;
  outcome.output = read_all(fd);
  close(fd);
  int status = 0;
  waitpid(child, &status, 0);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

Outcome run_in_a_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    become_demo();
  }
  close(ends[1]);
  return finish(child, ends[0]);
}

Outcome run_on_a_terminal() {
  winsize size{.ws_row = 50, .ws_col = 140, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    become_demo();
  }
  return finish(child, terminal);
}

TEST(Demo, EverythingHappensAsToldInAPipe) {
  const Outcome outcome = run_in_a_pipe();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("demo: everything happened as told"), std::string::npos);
  EXPECT_EQ(outcome.output.find('\x1b'), std::string::npos)
      << "no terminal escape may reach a pipe";
}

TEST(Demo, EverythingHappensAsToldOnATerminal) {
  const Outcome outcome = run_on_a_terminal();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("\x1b["), std::string::npos) << "colours on a terminal";
}

}  // namespace

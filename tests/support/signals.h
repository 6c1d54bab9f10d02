#pragma once

#include <signal.h>
#include <sys/types.h>

#include <stdexcept>
#include <string>

/// Signals to processes that a test has started. kill() takes 0 for "my own group" and -1 for
/// "everybody", which is what a pid looks like that was never filled in: a test that failed early
/// would take the test driver or the whole machine with it.
namespace test_support {

/// As kill(), to one process.
inline int send_signal(pid_t pid, int signal) {
  if (pid <= 1) {
    throw std::logic_error("no process to signal: " + std::to_string(pid));
  }
  return ::kill(pid, signal);
}

/// As kill(), to a process group named by its leader.
inline int send_signal_to_group(pid_t leader, int signal) {
  if (leader <= 1) {
    throw std::logic_error("no process group to signal: " + std::to_string(leader));
  }
  return ::kill(-leader, signal);
}

}  // namespace test_support

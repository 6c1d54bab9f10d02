#include "tests/bench/timing.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "worktrees/fd.h"

namespace bench {

namespace {

using worktrees::Fd;

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_of(const rusage& used) {
  return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe");
    }
    out = Fd(ends[0]);
    in = Fd(ends[1]);
  }
  Fd out;
  Fd in;
};

double cpu_so_far() {
  rusage own{};
  rusage children{};
  ::getrusage(RUSAGE_SELF, &own);
  ::getrusage(RUSAGE_CHILDREN, &children);
  return cpu_of(own) + cpu_of(children);
}

/// In the child: says when it is ready, and with how much CPU spent, and waits for the start.
void get_ready(const std::function<void()>& before, const Pipe& ready, const Pipe& start) {
  if (before) {
    before();
  }
  const double spent = cpu_so_far();
  char go = 0;
  if (::write(ready.in.get(), &spent, sizeof spent) != sizeof spent ||
      ::read(start.out.get(), &go, 1) != 1) {
    throw std::runtime_error("nobody measures any more");
  }
}

void wait_for(pid_t child, rusage& used) {
  int status = 0;
  if (::wait4(child, &status, 0, &used) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) != 0) {
    throw std::runtime_error("what was measured failed");
  }
}

}  // namespace

Sample measure(const std::function<void()>& work, const std::function<void()>& before) {
  Pipe ready;
  Pipe start;
  const pid_t child = ::fork();
  if (child < 0) {
    throw std::runtime_error("cannot fork");
  }
  if (child == 0) {
    try {
      start.in = Fd();
      get_ready(before, ready, start);
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  ready.in = Fd();
  double spent = 0;
  rusage used{};
  const bool is_ready = ::read(ready.out.get(), &spent, sizeof spent) == sizeof spent;
  const auto begin = std::chrono::steady_clock::now();
  if (is_ready && ::write(start.in.get(), "g", 1) != 1) {
    throw std::runtime_error("cannot start what is to be measured");
  }
  wait_for(child, used);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  return {.seconds = wall.count(), .cpu_seconds = cpu_of(used) - spent, .peak_kib = used.ru_maxrss};
}

void in_child(const std::function<void()>& work) {
  (void)measure(work);
}

void become_program(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  throw std::runtime_error("cannot start " + argv.front());
}

void run_program(const std::vector<std::string>& argv) {
  try {
    in_child([&] { become_program(argv); });
  } catch (const std::runtime_error&) {
    throw std::runtime_error(fmt::format("{} failed", fmt::join(argv, " ")));
  }
}

std::string output_of(const std::vector<std::string>& argv) {
  Pipe output;
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      ::dup2(output.in.get(), STDOUT_FILENO);
      become_program(argv);
    } catch (const std::exception&) {
      ::_exit(127);
    }
  }
  output.in = Fd();
  std::string text;
  char piece[4096];
  for (ssize_t got = 0; (got = ::read(output.out.get(), piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(got));
  }
  rusage used{};
  wait_for(child, used);
  if (text.ends_with('\n')) {
    text.pop_back();
  }
  return text;
}

Summary summary_of(std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(place);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    return values[low] + (values[high] - values[low]) * (place - static_cast<double>(low));
  };
  return {.median = at(0.5), .low = at(0.25), .high = at(0.75)};
}

}  // namespace bench

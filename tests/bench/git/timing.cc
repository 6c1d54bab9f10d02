#include "tests/bench/git/timing.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bench {

namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Sample measure(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  rusage used{};
  if (child < 0 || ::wait4(child, &status, 0, &used) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) != 0) {
    throw std::runtime_error("what was measured failed");
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  return {.seconds = wall.count(),
          .cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime),
          .peak_kib = used.ru_maxrss};
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
    (void)measure([&] { become_program(argv); });
  } catch (const std::runtime_error&) {
    throw std::runtime_error(fmt::format("{} failed", fmt::join(argv, " ")));
  }
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

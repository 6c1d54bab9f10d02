#include "runner/test_points.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace runner::test_points {

namespace {

constexpr std::size_t kPoints = std::size(jobs::kPointNames);
constexpr std::size_t kMostArmed = 256;

// Plain and fixed in size: read between fork and exec, where nothing may be allocated.
std::array<Armed, kMostArmed> g_armed;
std::size_t g_armed_count = 0;
std::array<std::atomic<std::uint32_t>, kPoints> g_passed;
std::array<char, 4096> g_log{};
std::atomic<std::int64_t> g_shift{0};
std::atomic<bool> g_other_boot{false};

void note(jobs::Point point) {
  if (g_log[0] == '\0') {
    return;
  }
  std::array<char, 160> line{};
  const std::string_view name = jobs::to_string(point);
  std::size_t size = name.copy(line.data(), 100);
  line[size++] = ' ';
  std::array<char, 20> digits{};
  std::size_t count = 0;
  for (auto pid = static_cast<std::uint32_t>(::getpid()); pid > 0; pid /= 10) {
    digits[count++] = static_cast<char>('0' + pid % 10);
  }
  while (count > 0) {
    line[size++] = digits[--count];
  }
  line[size++] = '\n';
  const int file = ::open(g_log.data(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file >= 0) {
    // One write with O_APPEND, so that lines of several processes do not mix.
    [[maybe_unused]] const auto put = ::write(file, line.data(), size);
    ::close(file);
  }
}

void sleep_for(std::int64_t milliseconds) {
  timespec left{milliseconds / 1000, (milliseconds % 1000) * 1'000'000};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/// True: the step fails.
bool carry_out(const Armed& armed) {
  switch (armed.action) {
    case Action::kill:
      // The first process of a PID namespace cannot kill itself: its death is an exit.
      ::kill(::getpid(), SIGKILL);
      ::_exit(137);
    case Action::stop: ::kill(::getpid(), SIGSTOP); return false;
    case Action::delay: sleep_for(armed.number); return false;
    case Action::error: return true;
    case Action::clock: g_shift += armed.number; return false;
    case Action::boot: g_other_boot = true; return false;
  }
  return false;
}

bool hook(jobs::Point point) {
  const int saved = errno;
  note(point);
  const std::uint32_t passed = ++g_passed[static_cast<std::size_t>(point)];
  bool fails = false;
  for (std::size_t i = 0; i < g_armed_count; ++i) {
    const Armed& armed = g_armed[i];
    if (armed.point == point && (armed.ordinal == 0 || armed.ordinal == passed)) {
      fails = carry_out(armed) || fails;
    }
  }
  errno = saved;
  return fails;
}

}  // namespace

void install() {
#ifdef RUNNER_TEST_POINTS
  const char* text = std::getenv("RUNNER_POINT");  // NOLINT(concurrency-mt-unsafe): start of main
  const char* log = std::getenv("RUNNER_POINT_LOG");  // NOLINT(concurrency-mt-unsafe)
  if (text == nullptr && log == nullptr) {
    return;
  }
  const auto armed = parse(text == nullptr ? "" : text);
  if (!armed || armed->size() > kMostArmed ||
      (log != nullptr && std::strlen(log) >= g_log.size())) {
    std::fprintf(stderr, "error: RUNNER_POINT makes no sense: %s\n", text == nullptr ? "" : text);
    std::exit(2);
  }
  std::ranges::copy(*armed, g_armed.begin());
  g_armed_count = armed->size();
  if (log != nullptr) {
    std::memcpy(g_log.data(), log, std::strlen(log));
  }
  jobs::point_hook = hook;
  RUNNER_POINT_ONLY(process_start);
#else
  static_cast<void>(hook);
#endif
}

std::int64_t clock_shift_seconds() {
  return g_shift;
}

bool other_boot() {
  return g_other_boot;
}

}  // namespace runner::test_points

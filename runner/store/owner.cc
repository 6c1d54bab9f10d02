#include "runner/store/owner.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#ifdef RUNNER_TEST_POINTS
#include "runner/test_points.h"
#endif

namespace runner::store {

namespace {

std::string first_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

struct ProcessState {
  char state = '?';
  std::string start_time;  // in clock ticks since boot
};

/// From /proc/<pid>/stat; the name in it may contain spaces and brackets, so fields are counted
/// behind the last ')'.
std::optional<ProcessState> process_state(pid_t pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= line.size()) {
    return std::nullopt;
  }
  ProcessState result;
  result.state = line[name_end + 2];
  std::size_t at = name_end + 2;
  for (int field = 3; field < 22; ++field) {
    at = line.find(' ', at);
    if (at == std::string::npos) {
      return std::nullopt;
    }
    ++at;
  }
  result.start_time = line.substr(at, line.find(' ', at) - at);
  return result;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) {
    return "unknown-host";
  }
  return name.data();
}

std::string boot_id() {
#ifdef RUNNER_TEST_POINTS
  if (test_points::other_boot()) {
    return "another-boot";
  }
#endif
  return first_line("/proc/sys/kernel/random/boot_id");
}

/// "4026531836": pids mean something only inside one namespace (two containers may share a host
/// name).
std::string pid_namespace() {
  std::array<char, 64> target{};
  const ssize_t size = ::readlink("/proc/self/ns/pid", target.data(), target.size() - 1);
  std::string digits;
  for (const char c :
       std::string_view(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0)) {
    if (c >= '0' && c <= '9') {
      digits += c;
    }
  }
  return digits;
}

std::vector<std::string> split_from_right(std::string_view text, int parts) {
  std::vector<std::string> result;
  for (int i = 1; i < parts; ++i) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
      return {};
    }
    result.emplace(result.begin(), text.substr(colon + 1));
    text = text.substr(0, colon);
  }
  result.emplace(result.begin(), text);
  return result;
}

}  // namespace

std::string this_owner() {
  const auto self = process_state(::getpid());
  return fmt::format("{}:{}:{}:{}:{}", host_name(), ::getpid(), self ? self->start_time : "0",
                     boot_id(), pid_namespace());
}

bool owner_is_dead(const std::string& owner) {
  const std::vector<std::string> parts = split_from_right(owner, 5);
  if (parts.empty() || parts[0] != host_name() || parts[3].empty() || parts[3] != boot_id() ||
      parts[4].empty() || parts[4] != pid_namespace()) {
    return false;
  }
  pid_t pid = 0;
  const char* end = parts[1].data() + parts[1].size();
  if (const auto parsed = std::from_chars(parts[1].data(), end, pid);
      parsed.ec != std::errc{} || parsed.ptr != end || pid <= 0) {
    return false;
  }
  // Asked of the kernel and not of /proc: a /proc that hides other users' processes would make the
  // living look dead.
  if (::kill(pid, 0) != 0 && errno == ESRCH) {
    return true;
  }
  const auto now = process_state(pid);
  if (!now) {
    return false;
  }
  return now->start_time != parts[2] || now->state == 'Z' || now->state == 'X';
}

}  // namespace runner::store

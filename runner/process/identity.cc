#include "runner/process/identity.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "runner/process/fd.h"
#include "runner/process/turn_clock.h"

#ifdef RUNNER_TEST_POINTS
#include "runner/test_points.h"
#endif

namespace runner::process {

namespace {

// Files of /proc have no size and may be long (environ), so they are read to the end.
std::string read_proc(const std::string& path, std::size_t max_bytes = 4U << 20) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string content;
  char buffer[8192];
  while (fd.valid() && content.size() < max_bytes) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got <= 0) {
      break;
    }
    content.append(buffer, static_cast<std::size_t>(got));
  }
  return content;
}

std::string read_link(const char* path) {
  char buffer[256];
  const ssize_t got = ::readlink(path, buffer, sizeof buffer);
  return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
}

bool is_live(const ProcessStat& process) {
  return process.start_time != 0 && process.state != 'Z' && process.state != 'X';
}

bool has_variable(const std::string& environment, const std::string& marker) {
  for (std::size_t at = 0; at < environment.size();) {
    auto end = environment.find('\0', at);
    end = end == std::string::npos ? environment.size() : end;
    if (environment.compare(at, end - at, marker) == 0) {
      return true;
    }
    at = end + 1;
  }
  return false;
}

// "Max resident set          1152921504606846976  1152921504606846976  bytes"
bool has_limit(const std::string& limits, const std::string& limit) {
  const auto at = limits.find("Max resident set");
  const auto line = limits.substr(std::min(at, limits.size()), 80);
  return line.substr(0, line.find('\n')).find(" " + limit + " ") != std::string::npos;
}

bool carries(pid_t pid, const std::string& marker, const std::string& limit) {
  return has_variable(read_proc(fmt::format("/proc/{}/environ", pid)), marker) ||
         has_limit(read_proc(fmt::format("/proc/{}/limits", pid)), limit);
}

// proc(5): times since boot, in which a process was started, are in these.
std::int64_t ticks_of_a_second() {
  return std::max(1L, ::sysconf(_SC_CLK_TCK));
}

// The pid that the kernel gave away last.
pid_t newest_pid() {
  const std::string load = read_proc("/proc/loadavg");
  const auto space = load.rfind(' ');
  return space == std::string::npos ? 0 : std::atoi(load.c_str() + space + 1);
}

std::vector<pid_t> walk(const std::string& marker, const std::string& limit) {
  std::vector<pid_t> result;
  for (const auto& process : all_processes()) {
    if (is_live(process) && process.pid != ::getpid() && carries(process.pid, marker, limit)) {
      result.push_back(process.pid);
    }
  }
  return result;
}

}  // namespace

ProcessStat stat_of(pid_t pid) {
  ProcessStat result;
  const std::string text = read_proc(fmt::format("/proc/{}/stat", pid));
  // The name stands in parentheses and may contain anything, so everything counts from the last
  // ')'.
  const auto close = text.rfind(')');
  if (close == std::string::npos) {
    return result;
  }
  std::istringstream fields(text.substr(close + 1));
  std::string skipped;
  fields >> result.state >> result.parent;
  for (int field = 5; field < 22; ++field) {
    fields >> skipped;
  }
  std::uint64_t start_time = 0;
  if (fields >> start_time) {
    result.pid = pid;
    // Processes started in the first tick after boot have start time 0; 0 means "no process" here.
    result.start_time = start_time == 0 ? 1 : start_time;
  }
  return result;
}

std::int64_t age_of(const Identity& identity) {
  const auto since_boot =
      static_cast<std::int64_t>(identity.start_time) * 1000 / ticks_of_a_second();
  return std::max<std::int64_t>(0, elapsed() - since_boot);
}

std::vector<ProcessStat> all_processes() {
  std::vector<ProcessStat> result;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  while (folder != nullptr) {
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) {
      break;
    }
    const std::string_view name(entry->d_name);
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) {
      if (auto process = stat_of(pid); process.start_time != 0) {
        result.push_back(process);
      }
    }
  }
  return result;
}

Identity own_identity() {
  Identity identity;
  identity.pid = ::getpid();
  identity.start_time = stat_of(identity.pid).start_time;
  identity.boot_id = jobs::trimmed(read_proc("/proc/sys/kernel/random/boot_id"));
#ifdef RUNNER_TEST_POINTS
  if (test_points::other_boot()) {
    identity.boot_id = "another-boot";
  }
#endif
  identity.pid_namespace = read_link("/proc/self/ns/pid");
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) == 0) {
    identity.host = host;
  }
  return identity;
}

Life life_of(const Identity& identity) {
  const Identity self = own_identity();
  if (identity.boot_id != self.boot_id) {
    // The same machine after a restart: nothing of before is left. Another machine: it may well
    // live.
    return identity.host == self.host ? Life::dead : Life::elsewhere;
  }
  if (identity.pid_namespace != self.pid_namespace) {
    return Life::elsewhere;
  }
  if (identity.pid <= 0 || identity.start_time == 0) {
    return Life::dead;
  }
  const ProcessStat now = stat_of(identity.pid);
  const bool same = now.start_time == identity.start_time || RUNNER_PLANTED(pid_without_start_time);
  return is_live(now) && same ? Life::alive : Life::dead;
}

std::vector<pid_t> descendants_of(pid_t ancestor) {
  const auto processes = all_processes();
  std::set<pid_t> family{ancestor};
  std::vector<pid_t> result;
  // Pids are not ordered by age, so repeat until nobody new turns up.
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& process : processes) {
      if (family.contains(process.parent) && family.insert(process.pid).second) {
        grown = true;
        if (is_live(process)) {
          result.push_back(process.pid);
        }
      }
    }
  }
  return result;
}

std::uint64_t limit_of(const std::string& marker) {
  // More memory than there is anywhere, but not "unlimited".
  constexpr std::uint64_t kBase = std::uint64_t{1} << 60U;
  return kBase | (jobs::fnv1a(marker) & (kBase - 1));
}

// A process that forks and ends all the time is gone from where a walk over /proc saw it, so a walk
// that found nothing says something only when no pid was given away meanwhile. Else those pids are
// looked at too, the oldest first (a child that is not in /proc yet has a parent that still is),
// until a look ends with the pid it began with: whatever lives then was looked at.
std::vector<pid_t> census(const std::string& marker) {
  constexpr int kLooks = 20'000;  // somebody else may fork all the time
  const std::string limit = std::to_string(limit_of(marker));
  pid_t seen = newest_pid();
  auto result = walk(marker, limit);
  for (int look = 0; result.empty() && look < kLooks; ++look) {
    const pid_t newest = newest_pid();
    if (newest == seen) {
      break;
    }
    if (newest < seen) {  // the pids began again from the smallest
      result = walk(marker, limit);
    }
    for (pid_t pid = seen + 1; pid <= newest && result.empty(); ++pid) {
      if (pid != ::getpid() && carries(pid, marker, limit) && is_live(stat_of(pid))) {
        result.push_back(pid);
      }
    }
    seen = newest;
  }
  return result;
}

int kill_until_gone(const std::function<std::vector<pid_t>()>& find,
                    const std::function<void()>& reap, int rounds) {
  std::set<pid_t> killed;
  for (int round = 0; round < rounds; ++round) {
    const auto found = find();
    if (found.empty()) {
      break;
    }
    for (const pid_t pid : found) {
      ::kill(pid, SIGKILL);
      killed.insert(pid);
    }
    const timespec pause{0, 10'000'000};
    ::nanosleep(&pause, nullptr);
    reap();
  }
  return static_cast<int>(killed.size());
}

}  // namespace runner::process

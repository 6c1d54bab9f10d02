#include "runner/process/identity.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

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

std::vector<pid_t> census(const std::string& marker) {
  std::vector<pid_t> result;
  for (const auto& process : all_processes()) {
    if (!is_live(process) || process.pid == ::getpid()) {
      continue;
    }
    const std::string environment = read_proc(fmt::format("/proc/{}/environ", process.pid));
    for (std::size_t at = 0; at < environment.size();) {
      auto end = environment.find('\0', at);
      end = end == std::string::npos ? environment.size() : end;
      if (environment.compare(at, end - at, marker) == 0) {
        result.push_back(process.pid);
        break;
      }
      at = end + 1;
    }
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

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"
#include "tests/support/signals.h"

/// Looking into and reaching for the runner's own processes. Only those of this very installation
/// are ever touched: whose command line or current folder names the folder in which the log stands.
namespace fake_agent {

namespace {

std::string all_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string link_of(const std::string& path) {
  char buffer[4096] = {};
  const ssize_t got = ::readlink(path.c_str(), buffer, sizeof buffer - 1);
  return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
}

/// The folder of the whole installation under test.
std::string home_of_all() {
  const std::string path = variable("FAKE_AGENT_LOG");
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

/// All of them, or those that have the folder `home` in their command line or stand in it.
std::vector<pid_t> runner_processes(const std::string& home = home_of_all()) {
  std::vector<pid_t> result;
  if (home.size() < 5) {
    return result;
  }
  DIR* folder = ::opendir("/proc");
  while (const dirent* entry = folder == nullptr ? nullptr : ::readdir(folder)) {
    const pid_t pid = std::atoi(entry->d_name);
    const std::string base = fmt::format("/proc/{}/", pid);
    if (pid <= 0 || pid == ::getpid() || !all_of(base + "comm").starts_with("runner")) {
      continue;
    }
    if (all_of(base + "cmdline").find(home) != std::string::npos ||
        link_of(base + "cwd").starts_with(home)) {
      result.push_back(pid);
    }
  }
  if (folder != nullptr) {
    ::closedir(folder);
  }
  return result;
}

/// What was read goes where the test can look for its secrets.
void keep_loot(const std::string& name, const std::string& content) {
  if (const auto folder = variable("FAKE_AGENT_LOOT"); !folder.empty() && !content.empty()) {
    (void)put_file(fmt::format("{}/{}.{}", folder, name, ::getpid()), content);
  }
}

bool read_environments() {
  std::string loot;
  for (const pid_t pid : runner_processes()) {
    loot += all_of(fmt::format("/proc/{}/environ", pid));
  }
  // What was wiped is all zeros: there is nothing in it.
  const bool something = loot.find_first_not_of('\0') != std::string::npos;
  keep_loot("environ", something ? loot : std::string());
  return something;
}

std::string memory_of(pid_t pid) {
  std::string loot;
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  const int memory = ::open(fmt::format("/proc/{}/mem", pid).c_str(), O_RDONLY | O_CLOEXEC);
  for (std::string line; memory >= 0 && std::getline(maps, line);) {
    if (line.find("[heap]") == std::string::npos && line.find("[stack]") == std::string::npos) {
      continue;
    }
    char* end = nullptr;
    const unsigned long first = std::strtoul(line.c_str(), &end, 16);
    const unsigned long last = std::strtoul(end + 1, nullptr, 16);
    std::string bytes(std::min<unsigned long>(last - first, 4UL << 20), '\0');
    const ssize_t got = ::pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(first));
    loot.append(bytes, 0, got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  ::close(memory);
  return loot;
}

bool read_memories() {
  std::string loot;
  for (const pid_t pid : runner_processes()) {
    loot += memory_of(pid);
  }
  keep_loot("mem", loot);
  return !loot.empty();
}

bool read_descriptors() {
  bool done = false;
  for (const pid_t pid : runner_processes()) {
    for (int fd = 0; fd < 64; ++fd) {
      done = done || !link_of(fmt::format("/proc/{}/fd/{}", pid, fd)).empty();
    }
  }
  return done;
}

/// Attaches and lets go at once: an attached supervisor that stays stopped is another move.
bool trace_parent() {
  bool done = false;
  for (const pid_t pid : runner_processes()) {
    if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0) {
      done = true;
      ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
      ::waitpid(pid, nullptr, __WALL);
      ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
    }
  }
  return done;
}

char state_of(pid_t pid) {
  const std::string text = all_of(fmt::format("/proc/{}/stat", pid));
  const auto close = text.rfind(')');
  return close == std::string::npos || close + 2 >= text.size() ? 'X' : text[close + 2];
}

/// Sends the signal to its own supervisor, and sees whether it did anything. In a child of its own,
/// as the agent may die with its supervisor.
bool signal_supervisor(int number, const char* wanted, const char* name) {
  const std::string agent = variable("RUNNER_TURN_DIR");
  const auto targets = runner_processes(agent.substr(0, agent.rfind('/')));
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    bool done = false;
    for (const pid_t pid : targets) {
      const bool sent = test_support::send_signal(pid, number) == 0;
      sleep_ms(50);
      const char state = state_of(pid);
      done = done || (sent && std::string(wanted).find(state) != std::string::npos);
    }
    if (done) {
      log(fmt::format("move {} done", name));
    }
    ::_exit(done ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

bool write_memory() {
  bool done = false;
  for (const pid_t pid : runner_processes()) {
    const int memory = ::open(fmt::format("/proc/{}/mem", pid).c_str(), O_RDWR | O_CLOEXEC);
    done = done || memory >= 0;  // opened for writing is enough; nothing is harmed
    ::close(memory);
  }
  return done;
}

}  // namespace

void add_spy_moves(Moves& moves) {
  moves["read-environ"] = read_environments;
  moves["read-mem"] = read_memories;
  moves["write-mem"] = write_memory;
  moves["read-fds"] = read_descriptors;
  moves["ptrace"] = trace_parent;
  moves["kill-supervisor"] = [] { return signal_supervisor(SIGKILL, "XZ", "kill-supervisor"); };
  moves["stop-supervisor"] = [] { return signal_supervisor(SIGSTOP, "Tt", "stop-supervisor"); };
}

}  // namespace fake_agent

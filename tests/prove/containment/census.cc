#include "tests/prove/containment/census.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <thread>
#include <utility>

#include "tests/support/signals.h"
#include "tests/support/whole_file.h"

namespace prove::containment {

namespace {

namespace fs = std::filesystem;

using test_support::whole_file;

std::string proc(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

std::string link_of(const std::string& path) {
  char buffer[512] = {};
  const ssize_t got = ::readlink(path.c_str(), buffer, sizeof buffer - 1);
  return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
}

std::vector<pid_t> all_pids() {
  std::vector<pid_t> result;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  while (const dirent* entry = folder == nullptr ? nullptr : ::readdir(folder.get())) {
    if (const pid_t pid = std::atoi(entry->d_name); pid > 1) {
      result.push_back(pid);
    }
  }
  return result;
}

/// State and start time out of /proc/PID/stat.
std::pair<char, std::string> stat_of(pid_t pid) {
  const std::string text = whole_file(proc(pid, "stat"));
  const auto close = text.rfind(')');
  if (close == std::string::npos) {
    return {'X', ""};
  }
  std::istringstream fields(text.substr(close + 1));
  std::string word;
  char state = 'X';
  fields >> state;
  for (int field = 4; field <= 22; ++field) {
    fields >> word;
  }
  return {state, word};
}

/// The pid as the innermost namespace of the process knows it.
pid_t inner_pid(pid_t pid) {
  std::istringstream lines(whole_file(proc(pid, "status")));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("NSpid:")) {
      const auto last = line.find_last_of(" \t");
      return std::atoi(line.c_str() + last + 1);
    }
  }
  return 0;
}

}  // namespace

Census::Census(std::string home) : home_(std::move(home)), log_(home_ + "/agent.log") {}

std::vector<Child> Census::children() const {
  std::vector<Child> result;
  std::ifstream in(log_);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    Child child;
    if (words >> word && word == "child" &&
        words >> child.shape >> child.pid >> child.pid_namespace >> child.start >> child.turn) {
      result.push_back(child);
    }
  }
  return result;
}

bool Census::belongs(pid_t pid, const std::vector<Child>& children) const {
  if (whole_file(proc(pid, "maps")).find(log_) != std::string::npos ||
      whole_file(proc(pid, "environ")).find("RUNNER_TURN_DIR=" + home_) != std::string::npos) {
    return true;
  }
  const std::string space = link_of(proc(pid, "ns/pid"));
  const std::string start = stat_of(pid).second;
  for (const Child& child : children) {
    if (child.pid_namespace == space && child.start == start && inner_pid(pid) == child.pid) {
      return true;
    }
  }
  return false;
}

std::set<pid_t> Census::alive() const {
  std::set<pid_t> result;
  const auto known = children();
  for (const pid_t pid : all_pids()) {
    const char state = stat_of(pid).first;
    if (state != 'Z' && state != 'X' && belongs(pid, known)) {
      result.insert(pid);
    }
  }
  return result;
}

std::set<std::string> Census::shapes_alive() const {
  std::set<std::string> result;
  const auto known = children();
  for (const pid_t pid : all_pids()) {
    const auto [state, start] = stat_of(pid);
    if (state == 'Z' || state == 'X') {
      continue;
    }
    const std::string space = link_of(proc(pid, "ns/pid"));
    for (const Child& child : known) {
      if (child.start == start && child.pid_namespace == space && inner_pid(pid) == child.pid) {
        result.insert(child.shape);
      }
    }
  }
  if (!rabbits().empty()) {
    result.insert("rabbit");
  }
  return result;
}

std::vector<std::string> Census::rabbits() const {
  const auto counts = [&] {
    std::map<std::string, std::string> result;
    std::error_code error;
    for (const auto& run : fs::directory_iterator(home_ + "/state/turns", error)) {
      const std::string id = run.path().filename().string();
      const std::string file = run.path().string() + "/1/agent/agent.log.rabbit." + id;
      if (fs::exists(file, error)) {
        result[id] = whole_file(file);
      }
    }
    return result;
  };
  const auto before = counts();
  std::vector<std::string> result;
  if (before.empty()) {
    return result;
  }
  // Long enough that one which the machine has put aside for a while is seen too.
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  for (const auto& [name, content] : counts()) {
    const auto old = before.find(name);
    if (old != before.end() && old->second != content) {
      result.push_back(name);
    }
  }
  return result;
}

std::string Census::describe(const std::set<pid_t>& pids) {
  std::string out;
  for (const pid_t pid : pids) {
    std::string command = whole_file(proc(pid, "cmdline"));
    for (char& c : command) {
      c = c == '\0' ? ' ' : c;
    }
    out += (out.empty() ? "" : "; ") + std::to_string(pid) + " " + stat_of(pid).first + " " +
           command.substr(command.find_last_of('/') + 1, 60);
  }
  return out;
}

void Census::end_all() const {
  for (int round = 0; round < 100; ++round) {
    const auto left = alive();
    if (left.empty()) {
      return;
    }
    for (const pid_t pid : left) {
      (void)test_support::send_signal(pid, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace prove::containment

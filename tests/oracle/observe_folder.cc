#include "tests/oracle/observe_folder.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/oracle/read_git.h"
#include "tests/oracle/read_issues.h"
#include "tests/oracle/read_state.h"
#include "tests/support/whole_file.h"

namespace oracle {

namespace {

namespace fs = std::filesystem;

using test_support::whole_file;

/// "RUN/NUMBER" of the marker RUNNER_TURN.
TurnName turn_of(const std::string& marker) {
  const std::size_t slash = marker.rfind('/');
  return slash == std::string::npos
             ? TurnName{marker, 0}
             : TurnName{marker.substr(0, slash),
                        std::strtoll(marker.c_str() + slash + 1, nullptr, 10)};
}

/// Lines "started RUN/NUMBER" of the fake agent.
void read_starts(const std::string& path, Observation& seen) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("started ")) {
      seen.starts[turn_of(line.substr(8))] += 1;
    }
  }
}

/// Lines "RUN/NUMBER USD-MICROS TOKENS" of the fake meter: what was really spent.
void read_meter(const std::string& path, Observation& seen) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string turn;
    Amount amount;
    if (words >> turn >> amount.usd >> amount.tokens) {
      Amount& sum = seen.spent[turn_of(turn)];
      sum.usd += amount.usd;
      sum.tokens += amount.tokens;
    }
  }
}

void read_lines(const std::string& path, std::vector<std::string>& lines) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
}

std::string variable_in(const std::string& environment, const std::string& name) {
  for (std::size_t at = 0; at < environment.size();) {
    const std::size_t end = environment.find('\0', at);
    const std::string entry = environment.substr(at, end - at);
    if (entry.starts_with(name + "=")) {
      return entry.substr(name.size() + 1);
    }
    if (end == std::string::npos) {
      break;
    }
    at = end + 1;
  }
  return {};
}

}  // namespace

std::vector<ProcessSeen> census(const std::string& state_dir) {
  std::vector<ProcessSeen> result;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0) {
      continue;
    }
    const std::string environment = whole_file(entry.path().string() + "/environ");
    if (!variable_in(environment, "RUNNER_TURN_DIR").starts_with(state_dir + "/")) {
      continue;
    }
    std::string command = whole_file(entry.path().string() + "/cmdline");
    for (char& c : command) {
      c = c == '\0' ? ' ' : c;
    }
    result.push_back(
        {.pid = pid, .turn = variable_in(environment, "RUNNER_TURN"), .command = command});
  }
  return result;
}

Observation observe_folder(const Place& place) {
  Observation seen;
  seen.at = std::chrono::duration_cast<std::chrono::milliseconds>(
                std::chrono::system_clock::now().time_since_epoch())
                .count();
  read_state(place.state_dir, place.scratch, seen);
  read_issues(place.issues_dir, seen);
  for (const auto& [repo, path] : place.remotes) {
    seen.remotes[repo] = read_remote(path, place.base_branch);
  }
  read_starts(place.agent_log, seen);
  read_meter(place.meter, seen);
  read_lines(place.notifications, seen.notifications);
  seen.processes = census(place.state_dir);
  seen.rescue_refs = read_rescue_refs(place.state_dir);
  std::error_code error;
  for (const auto& repo : fs::directory_iterator(place.state_dir + "/worktrees", error)) {
    for (const auto& slot : fs::directory_iterator(repo.path(), error)) {
      if (slot.is_directory(error)) {
        seen.worktrees.push_back(slot.path().string());
      }
    }
  }
  return seen;
}

}  // namespace oracle

// The scripted agent: does what its arguments say, one after the other.
//
//   fake_agent STEP [ARGUMENT] STEP [ARGUMENT] ...
//   fake_agent @FILE              steps from a file: one line each, "step argument with spaces"
//
// Without a step that ends it, it exits with 0. `fake_agent help` prints every step and move.

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

namespace fake_agent {
namespace {

using Arguments = std::deque<std::string>;

const Moves& moves() {
  static const Moves table = [] {
    Moves all;
    add_spy_moves(all);
    add_turn_moves(all);
    add_worktree_moves(all);
    add_git_moves(all);
    add_checkout_moves(all);
    return all;
  }();
  return table;
}

void move(const std::string& name) {
  const auto found = moves().find(name);
  if (found == moves().end()) {
    die("unknown move " + name);
  }
  log(fmt::format("move {} tried", name));
  log(fmt::format("move {} {}", name, found->second() ? "done" : "refused"));
}

const Steps& steps() {
  static const Steps table = [] {
    Steps all;
    add_plain_steps(all);
    add_load_steps(all);
    add_money_steps(all);
    add_git_steps(all);
    add_leak_steps(all);
    add_secret_steps(all);
    all["move"] = {true, move};
    all["moves"] = {true, [](const std::string& names) {
                      for (const auto& name : words_of(names)) {
                        move(name);
                      }
                    }};
    all["crash-at"] = {true, crash_at};
    return all;
  }();
  return table;
}

void help() {
  for (const auto& [name, step] : steps()) {
    fmt::print("step {}{}\n", name, step.takes_argument ? " ARGUMENT" : "");
  }
  for (const auto& [name, deed] : moves()) {
    fmt::print("move {}\n", name);
  }
}

Arguments read_script(const std::string& path) {
  Arguments result;
  std::ifstream file(path);
  if (!file) {
    die("no script " + path);
  }
  for (std::string line; std::getline(file, line);) {
    const auto space = line.find(' ');
    if (!line.empty() && line.front() != '#') {
      result.push_back(line.substr(0, space));
      if (space != std::string::npos) {
        result.push_back(line.substr(space + 1));
      }
    }
  }
  return result;
}

void play(Arguments arguments) {
  while (!arguments.empty()) {
    const auto step = steps().find(arguments.front());
    if (step == steps().end()) {
      die("unknown step " + arguments.front());
    }
    arguments.pop_front();
    std::string argument;
    if (step->second.takes_argument) {
      if (arguments.empty()) {
        die("a step lacks its argument");
      }
      argument = arguments.front();
      arguments.pop_front();
    }
    step->second.run(argument);
  }
}

// What `leak unmarked` became by exec: no environment, another argv, and the log as descriptor 3.
[[noreturn]] void live_unmarked() {
  wear_leash(3);
  ::syscall(SYS_close_range, 0U, ~0U, 0U);
  ::alarm(120);
  for_ever();
}

}  // namespace
}  // namespace fake_agent

int main(int argc, char** argv) {
  using namespace fake_agent;
  if (argc == 1 && std::string(argv[0]).starts_with("[")) {
    live_unmarked();
  }
  if (argc == 2 && std::string(argv[1]) == "help") {
    help();
    return 0;
  }
  log("started");
  if (const auto path = variable("FAKE_AGENT_LOG"); !path.empty()) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    wear_leash(fd);
    ::close(fd);
  }
  Arguments arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments.front().starts_with("@")) {
    arguments = read_script(arguments.front().substr(1));
  }
  play(arguments);
  moment("before-exit");
  return 0;
}

#include "tests/prove/containment/fleet_case.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>

#include "tests/prove/containment/census.h"
#include "tests/support/signals.h"
#include "tests/support/small_fleet.h"

namespace prove::containment {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

bool wait_until(seconds most, const std::function<bool()>& done) {
  for (const auto until = std::chrono::steady_clock::now() + most;
       std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(milliseconds(50))) {
    if (done()) {
      return true;
    }
  }
  return done();
}

class FleetCase {
 public:
  FleetCase(const Mode& mode, std::string death, const std::string& planted, bool patient)
      : mode_(mode), death_(std::move(death)), census_(fleet_.folder()) {
    if (!planted.empty()) {
      fleet_.play.environment.push_back("RUNNER_PLANTED=" + planted);
    }
    if (std::string(mode.containment) == "sandbox") {
      fleet_.play.environment.emplace_back("RUNNER_BUBBLEWRAP=");  // the one on PATH
      test_support::write_file(fleet_.folder() + "/agent.log", "");
      beside_ = "caches = [\"../agent.log\"]\n";
    }
    for (const char* shape : kShapes) {
      shapes_.emplace_back(shape);
    }
    if (!mode.strong) {
      shapes_.emplace_back("hidden");
    }
    // In a group the supervisor goes on only a minute after the deadline: not for a quick look.
    arrested_ = !mode.strong && patient;
    if (mode.strong || arrested_) {
      shapes_.emplace_back("arrest");
    }
  }
  ~FleetCase() { census_.end_all(); }

  CaseResult run() {
    set_up();
    start();
    look_before();
    if (death_ == "supervisor") {
      kill_supervisors();
    } else {
      wait_for_ends();
    }
    judge();
    return result_;
  }

 private:
  void set_up() {
    const bool long_turns = death_ == "supervisor";
    const std::string deadline = long_turns ? "60s" : "4s";
    fleet_.fleet_lines += "containment = \"" + std::string(mode_.containment) + "\"\n";
    fleet_.limit_lines = "turn_deadline = \"" + deadline + "\"\nturn_grace = \"1s\"\n";
    for (const std::string& shape : shapes_) {
      std::vector<std::string> steps{"print", "hello"};
      if (shape == "arrest") {
        steps.insert(steps.end(), {"leak", "session", "move", "stop-supervisor"});
      } else {
        steps.insert(steps.end(), {"leak", shape});
      }
      if (death_ == "exit" && shape != "arrest") {
        steps.insert(steps.end(), {"print", "bye"});
      } else {
        steps.emplace_back("hang");
      }
      fleet_.scripted("does-" + shape, steps, beside_);
      fleet_.repo("leaks/" + shape, "does-" + shape);
    }
    fleet_.write();
    // No next turn while the survivors of the first one are counted.
    const std::string file = fleet_.folder() + "/manifests/fleet.toml";
    std::string manifest = test_support::content_of(file);
    const std::string soon = "retry_delay = \"1s\"";
    manifest.replace(manifest.find(soon), soon.size(), "retry_delay = \"10m\"");
    test_support::write_file(file, manifest);
    for (const std::string& shape : shapes_) {
      fleet_.issue("leaks/" + shape, 1);
    }
  }

  int logged(const std::string& begin) const {
    std::ifstream in(fleet_.folder() + "/agent.log");
    int count = 0;
    for (std::string line; std::getline(in, line);) {
      count += line.starts_with(begin) ? 1 : 0;
    }
    return count;
  }

  void start() {
    if (death_ == "tick") {
      // Dies with some turns started and others not; the ones that run go on.
      const auto tick = fleet_.play.start({"tick"});
      (void)wait_until(seconds(60), [&] { return logged("started") >= 2; });
      tick.kill(SIGKILL);
      result_.counts.emplace_back("ticks killed", 1);
    }
    const auto all = static_cast<int>(shapes_.size());
    const bool started = wait_until(seconds(90), [&] {
      if (logged("started") < all) {
        (void)fleet_.tick();
      }
      return logged("started") >= all;
    });
    if (!started) {
      throw std::runtime_error("only " + std::to_string(logged("started")) +
                               " turns started: " + fleet_.tick().error);
    }
    (void)wait_until(seconds(20), [&] { return logged("leaked") >= all; });
    result_.counts.emplace_back("turns", logged("started"));
    result_.counts.emplace_back("leaks", logged("leaked"));
  }

  /// What can be seen alive proves that the census would see it afterwards.
  void look_before() {
    for (const std::string& shape : census_.shapes_alive()) {
      if (shape != "traced" && shape != "hidden") {
        result_.marks.push_back("alive " + shape + " " + mode_.name);
      }
    }
    result_.counts.emplace_back("processes seen alive",
                                static_cast<std::int64_t>(census_.alive().size()));
  }

  std::vector<std::string> turn_folders() const {
    std::vector<std::string> result;
    std::error_code error;
    for (const auto& run : fs::directory_iterator(fleet_.folder() + "/state/turns", error)) {
      for (const auto& turn : fs::directory_iterator(run.path(), error)) {
        if (turn.path().filename().string().front() != '.') {
          result.push_back(turn.path().string());
        }
      }
    }
    return result;
  }

  void kill_supervisors() {
    int killed = 0;
    for (const std::string& folder : turn_folders()) {
      const auto file = nlohmann::json::parse(test_support::content_of(folder + "/supervisor.json"),
                                              nullptr, false);
      const int pid = file.is_object() ? file.value("pid", 0) : 0;
      const std::string command =
          test_support::content_of("/proc/" + std::to_string(pid) + "/cmdline");
      if (pid > 1 && command.find(folder) != std::string::npos) {
        (void)test_support::send_signal(pid, SIGKILL);
        ++killed;
      }
    }
    result_.counts.emplace_back("supervisors killed", killed);
  }

  /// Until each supervisor has written how its turn ended; one that is stopped never will.
  void wait_for_ends() {
    const bool ended = wait_until(seconds(60), [&] {
      const std::string arrested = "/" + run_of_arrest() + "/";
      return std::ranges::all_of(turn_folders(), [&](const std::string& folder) {
        return fs::exists(folder + "/exit.json") ||
               (arrested_ && folder.find(arrested) != std::string::npos);
      });
    });
    if (!ended) {
      result_.violations.emplace_back("invariant 6: a turn did not end after its deadline");
    }
  }

  /// Shapes of which something lives although nothing should. What is promised differs.
  void judge() {
    if (mode_.strong || death_ != "supervisor") {
      // The kernel needs a moment after a KILL; a supervisor that wrote how its turn ended has
      // waited for that already.
      const auto most = death_ == "supervisor" ? seconds(10) : seconds(0);
      (void)wait_until(most, [&] { return survivors(mode_.strong).empty(); });
      complain("without a tick", mode_.strong);
    }
    if (!mode_.strong) {
      // An arrested supervisor is given its deadline and a little more before it is believed dead.
      (void)wait_until(seconds(arrested_ && death_ != "supervisor" ? 100 : 0), [&] {
        (void)fleet_.tick();
        return survivors(true).empty();
      });
    }
    complain("after the next tick", true);
  }

  /// Live processes by the run they belong to, as far as that can be told.
  std::set<pid_t> survivors(bool with_arrested) const {
    auto all = census_.alive();
    if (!with_arrested) {
      for (auto pid = all.begin(); pid != all.end();) {
        const std::string environment =
            test_support::content_of("/proc/" + std::to_string(*pid) + "/environ");
        const bool arrested =
            environment.find("RUNNER_RUN=" + run_of_arrest()) != std::string::npos;
        pid = arrested ? all.erase(pid) : std::next(pid);
      }
    }
    return all;
  }

  std::string run_of_arrest() const {
    std::ifstream in(fleet_.folder() + "/agent.log");
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("move stop-supervisor tried ")) {
        const auto slash = line.rfind('/');
        return line.substr(27, slash - 27);
      }
    }
    return "none";
  }

  void complain(const std::string& when, bool with_arrested) {
    auto left = survivors(with_arrested);
    const auto shapes = census_.shapes_alive();
    if (shapes.contains("hidden") && death_ == "supervisor") {
      result_.counts.emplace_back("hidden survivors, not promised", 1);
      for (const Child& child : census_.children()) {
        if (child.shape == "hidden") {
          left.erase(child.pid);
        }
      }
    }
    if (!left.empty() || !census_.rabbits().empty()) {
      std::string names;
      for (const std::string& shape : shapes) {
        names += " " + shape;
      }
      result_.violations.push_back("invariant 6: " + std::to_string(left.size()) +
                                   " processes live " + when + ":" + names + " [" +
                                   Census::describe(left) + "]");
    }
    result_.counts.emplace_back("censuses", 1);
    result_.counts.emplace_back("survivors " + when, static_cast<std::int64_t>(left.size()));
  }

  const Mode& mode_;
  std::string beside_;     ///< what an agent may write besides its worktree
  bool arrested_ = false;  ///< one agent stops its supervisor
  std::string death_;
  test_support::SmallFleet fleet_;
  Census census_;
  std::vector<std::string> shapes_;
  CaseResult result_;
};

}  // namespace

CaseResult run_fleet(const Mode& mode, const std::string& death, const std::string& planted,
                     bool patient) {
  if (mode.other_user && ::geteuid() == 0 &&
      (::setresgid(kOrdinaryUser, kOrdinaryUser, kOrdinaryUser) != 0 ||
       ::setresuid(kOrdinaryUser, kOrdinaryUser, kOrdinaryUser) != 0)) {
    throw std::runtime_error("cannot become an ordinary user");
  }
  if (mode.other_user && ::access(std::getenv("RUNNER_BINARY"), X_OK) != 0) {
    throw std::runtime_error("an ordinary user may not execute the program");
  }
  return FleetCase(mode, death, planted, patient).run();
}

}  // namespace prove::containment

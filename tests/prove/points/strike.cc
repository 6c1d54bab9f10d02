#include "tests/prove/points/strike.h"

#include <signal.h>

#include <chrono>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "tests/prove/frame/fix_window.h"
#include "tests/support/signals.h"

namespace prove::points {

namespace {

using std::chrono::milliseconds;
using test_support::Answer;
using test_support::SmallFleet;
using test_support::Stage;
using test_support::Started;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kLook{5};
/// A tick whose supervisor was struck waits for it half a minute; we do not.
constexpr milliseconds kPatience{1500};
constexpr milliseconds kLongerThanLease{1300};

std::string log_of(const SmallFleet& fleet) {
  return fleet.folder() + "/points.log";
}

/// "name pid" lines: how often each process passed each point, the most of any process.
Passings passings(const SmallFleet& fleet) {
  std::map<std::pair<std::string, std::string>, int> each;
  std::istringstream lines(test_support::content_of(log_of(fleet)));
  for (std::string name, pid; lines >> name >> pid;) {
    ++each[{name, pid}];
  }
  Passings most;
  for (const auto& [who, times] : each) {
    most[who.first] = std::max(most[who.first], times);
  }
  return most;
}

bool is_stopped(const std::string& pid) {
  const std::string stat = test_support::content_of("/proc/" + pid + "/stat");
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && stat.compare(name_end, 3, ") T") == 0;
}

std::vector<int> stopped(const SmallFleet& fleet) {
  std::vector<int> pids;
  std::istringstream lines(fleet.processes());
  for (std::string line; std::getline(lines, line);) {
    const std::string pid = line.substr(0, line.find(' '));
    if (is_stopped(pid)) {
      pids.push_back(std::atoi(pid.c_str()));
    }
  }
  return pids;
}

void signal_all(const std::vector<int>& pids, int signal) {
  for (const int pid : pids) {
    (void)test_support::send_signal(pid, signal);
  }
}

std::string action_of(Deed deed) {
  switch (deed) {
    case Deed::kill: return "kill";
    case Deed::error: return "error";
    case Deed::stop_and_kill:
    case Deed::stop_and_wake: return "stop";
    case Deed::delay: return "delay:300";
  }
  return {};
}

class Case {
 public:
  Case(Stage& stage, std::string name, const Options& options, Record& record)
      : stage_(stage),
        fleet_(stage.fleet),
        // What the janitor's state has forgotten, the judge is not told.
        place_(place_of(stage.fleet, stage.scene().name == "janitor"
                                         ? std::vector<std::string>{}
                                         : std::vector<std::string>{"acme/shop"})),
        name_(std::move(name)),
        options_(options),
        record_(record) {}

  /// The command of the scene, armed with `points`, with what `deed` asks of us.
  void run(const std::string& points, Deed deed) {
    stage_.put_back();
    const std::vector<std::string> words = stage_.scene().words(fleet_);
    const std::vector<std::string> before = fleet_.play.environment;
    fleet_.play.environment.push_back("RUNNER_POINT_LOG=" + log_of(fleet_));
    if (!points.empty()) {
      fleet_.play.environment.push_back("RUNNER_POINT=" + points);
    }
    Started process = fleet_.play.start(words);
    fleet_.play.environment = before;
    attend(process, points.substr(0, points.find('#')), deed);
    const Answer answer = process.finish();
    test_support::open_gate(fleet_);
    // What the tick has started may pass the point after it.
    const auto until = Clock::now() + std::chrono::seconds(4);
    while (!test_support::wait_for_turns(fleet_, 20) && Clock::now() < until) {
      (void)stop_was_seen(deed);
      if (stage_.scene().before && Clock::now() > until - std::chrono::seconds(2)) {
        break;  // its turn hangs on purpose
      }
    }
    (void)stop_was_seen(deed);
    const bool expected = answer.exit_code == 0 || answer.exit_code == 1 ||
                          answer.exit_code == 75 || answer.exit_code == 128 + SIGKILL;
    if (!expected) {
      violation(fmt::format("the command ended with {}: {}{}", answer.exit_code, answer.out,
                            answer.error));
    }
  }

  void settle_and_judge() {
    if (stage_.scene().after) {
      stage_.scene().after(fleet_);
    }
    const oracle::Rules rules;
    const Settled end = settle_all(rules);
    record_.count("ticks until quiet", end.ticks);
    if (!end.trouble.empty()) {
      violation("invariant 4: " + end.trouble);
    }
    if (!end.quiet) {
      violation("invariant 4: ticks alone bring no rest: " + fleet_.tick().out +
                fleet_.run({"runs"}).out);
      return;
    }
    judge(oracle::judge_quiet(end.now, rules));
    if (const std::string left = fleet_.processes(); !left.empty()) {
      violation("invariant 6: left running: " + left);
    }
  }

  [[nodiscard]] Passings passed() const { return passings(fleet_); }

 private:
  /// Where CI is red, the correction may have died.
  Settled settle_all(const oracle::Rules& rules) {
    constexpr milliseconds kFew{8000};
    if (stage_.scene().name != "ci-red") {
      return settle(fleet_, place_, rules);
    }
    const Settled first = settle(fleet_, place_, rules, kFew);
    if (first.quiet) {
      return first;
    }
    close_fix_window(fleet_.folder());
    record_.count("cases whose window for corrections was closed");
    Settled second = settle(fleet_, place_, rules);
    fleet_.write();
    second.ticks += first.ticks;
    if (second.trouble.empty()) {
      second.trouble = first.trouble;
    }
    return second;
  }

  void violation(const std::string& what) {
    record_.violation({.what = what.substr(0, 3000), .where = name_, .seed = options_.seed});
  }

  void judge(const std::vector<oracle::Finding>& findings) {
    if (!findings.empty()) {
      violation(oracle::describe(findings));
    }
  }

  void attend(const Started& process, const std::string& point, Deed deed) {
    std::optional<Clock::time_point> struck;
    while (!process.ended()) {
      (void)stop_was_seen(deed);
      if (!struck && passed().contains(point)) {
        struck = Clock::now();
      }
      if (deed == Deed::kill && struck && Clock::now() > *struck + kPatience &&
          waits_for_the_dead(process)) {
        record_.count("ticks killed while they waited for the dead");
        process.kill(SIGKILL);
      }
      std::this_thread::sleep_for(kLook);
    }
  }

  /// A tick that has started a supervisor which has not taken over.
  [[nodiscard]] bool waits_for_the_dead(const Started& process) const {
    const std::string pid = std::to_string(process.pid());
    std::istringstream lines(test_support::content_of(log_of(fleet_)));
    int waits = 0;
    for (std::string name, who; lines >> name >> who;) {
      waits += who == pid && name == "detach_after_fork" ? 1 : 0;
      waits -= who == pid && name == "takeover_awaited" ? 1 : 0;
    }
    return waits > 0;
  }

  /// Deals with whoever stands still.
  bool stop_was_seen(Deed deed) {
    if (deed != Deed::stop_and_kill && deed != Deed::stop_and_wake) {
      return false;
    }
    const std::vector<int> pids = stopped(fleet_);
    if (pids.empty()) {
      return false;
    }
    if (deed == Deed::stop_and_kill) {
      signal_all(pids, SIGKILL);
      return true;
    }
    const Started other = fleet_.play.start({"tick"});
    std::this_thread::sleep_for(kLongerThanLease);
    signal_all(pids, SIGCONT);
    while (!other.ended()) {
      signal_all(stopped(fleet_), SIGCONT);
      std::this_thread::sleep_for(kLook);
    }
    return true;
  }

  Stage& stage_;
  SmallFleet& fleet_;
  oracle::Place place_;
  std::string name_;
  const Options& options_;
  Record& record_;
};

}  // namespace

std::string_view to_string(Deed deed) {
  switch (deed) {
    case Deed::kill: return "kill";
    case Deed::error: return "error";
    case Deed::stop_and_kill: return "stop-and-kill";
    case Deed::stop_and_wake: return "stop-and-wake";
    case Deed::delay: return "delay";
  }
  return "";
}

std::string Blow::name() const {
  return fmt::format("{} {}#{} {}", scene, point, ordinal, to_string(deed));
}

Blow Blow::parse(const std::string& name) {
  Blow blow;
  std::string where;
  std::string what;
  std::istringstream words(name);
  words >> blow.scene >> where >> what;
  const std::size_t hash = where.find('#');
  blow.point = where.substr(0, hash);
  blow.ordinal = hash == std::string::npos ? 1 : std::atoi(where.c_str() + hash + 1);
  for (const Deed deed :
       {Deed::kill, Deed::error, Deed::stop_and_kill, Deed::stop_and_wake, Deed::delay}) {
    if (to_string(deed) == what) {
      blow.deed = deed;
      return blow;
    }
  }
  throw std::runtime_error("no such case: " + name);
}

Passings learn(Stage& stage, const Options& options, Record& record) {
  Case one(stage, stage.scene().name + " unharmed", options, record);
  one.run("", Deed::delay);
  Passings passed = one.passed();
  one.settle_and_judge();
  return passed;
}

bool strike(Stage& stage, const Blow& blow, const Options& options, Record& record) {
  Case one(stage, blow.name(), options, record);
  one.run(fmt::format("{}#{}={}", blow.point, blow.ordinal, action_of(blow.deed)), blow.deed);
  const Passings passed = one.passed();
  const auto found = passed.find(blow.point);
  const bool reached = found != passed.end() && found->second >= blow.ordinal;
  one.settle_and_judge();
  return reached;
}

}  // namespace prove::points

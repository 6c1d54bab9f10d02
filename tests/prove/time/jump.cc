#include "tests/prove/time/jump.h"

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "tests/support/signals.h"

namespace prove::time_jumps {

namespace {

using test_support::SmallFleet;
using test_support::Stage;

std::set<std::string> points_of(const SmallFleet& fleet) {
  std::set<std::string> names;
  std::istringstream lines(test_support::content_of(fleet.folder() + "/points.log"));
  for (std::string name, pid; lines >> name >> pid;) {
    names.insert(name);
  }
  return names;
}

void kill_everything(const SmallFleet& fleet) {
  for (int round = 0; round < 50; ++round) {
    std::istringstream lines(fleet.processes());
    bool any = false;
    for (std::string line; std::getline(lines, line); any = true) {
      (void)test_support::send_signal(std::atoi(line.c_str()), SIGKILL);
    }
    if (!any) {
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

/// Turns that ended as no jump of the clock may end them.
std::string harmed(const oracle::Observation& now, const Jump& what) {
  std::string found;
  for (const oracle::TurnRow& turn : now.turns) {
    const bool by_the_scene = what.reboot || what.scene == "cancel" ||
                              what.scene == "cancel-asked" ||
                              (what.scene == "endless" && turn.end == "deadline");
    if (!turn.end.empty() && turn.end != "exited" && !by_the_scene) {
      found += fmt::format("{}turn {}/{} ended as {}", found.empty() ? "" : "; ", turn.run,
                           turn.number, turn.end);
    }
  }
  return found;
}

/// Takes out what tells of runs that are in the state no more, and of turns whose lines retention
/// cut off the books' front. A turn that was started twice is found all the same.
std::string forget_pruned(oracle::Observation& now) {
  std::set<std::string> known;
  for (const oracle::RunRow& run : now.runs) {
    known.insert(run.id);
  }
  std::string twice;
  for (const auto& [turn, times] : now.starts) {
    if (times > 1) {
      twice += fmt::format("turn {}/{} was started {} times ", turn.first, turn.second, times);
    }
  }
  std::set<oracle::TurnName> booked;
  for (const oracle::LedgerLine& line : now.ledger) {
    booked.insert({line.run, line.turn});
  }
  const bool cut = now.ledger.empty() || now.ledger.front().seq > 1;
  const auto gone = [&](const auto& entry) {
    return !known.contains(entry.first.first) || (cut && !booked.contains(entry.first));
  };
  std::erase_if(now.starts, gone);
  std::erase_if(now.spent, gone);
  for (auto& [repo, remote] : now.remotes) {
    for (oracle::CommitSeen& commit : remote.base) {
      const std::size_t at = commit.message.rfind("Runner-Run: ");
      if (at == std::string::npos) {
        continue;
      }
      const std::string run = commit.message.substr(at + 12);
      if (!known.contains(run.substr(0, run.find('\n')))) {
        commit.message.erase(at);
      }
    }
  }
  return twice;
}

}  // namespace

std::set<std::string> jump(Stage& stage, const Jump& what, const Options& options, Record& record) {
  SmallFleet& fleet = stage.fleet;
  const oracle::Place place = place_of(fleet, {"acme/shop"});
  const auto violation = [&](const std::string& text) {
    record.violation({.what = text.substr(0, 3000), .where = what.name, .seed = options.seed});
  };
  stage.put_back();
  const std::vector<std::string> words = stage.scene().words(fleet);
  if (what.reboot) {
    kill_everything(fleet);
  }
  const std::vector<std::string> before = fleet.play.environment;
  fleet.play.environment.push_back("RUNNER_POINT_LOG=" + fleet.folder() + "/points.log");
  fleet.play.environment.push_back("RUNNER_POINT=" + what.points);
  const test_support::Answer answer = fleet.run(words);
  fleet.play.environment = before;
  test_support::open_gate(fleet);
  const bool killed = what.points.find("=kill") != std::string::npos;
  if (answer.exit_code != 0 && answer.exit_code != 1 && answer.exit_code != 75 &&
      !(killed && answer.exit_code == 128 + SIGKILL)) {
    violation(
        fmt::format("the command ended with {}: {}{}", answer.exit_code, answer.out, answer.error));
  }
  if (stage.scene().after) {
    stage.scene().after(fleet);
  }
  if (!what.for_all.empty()) {
    fleet.play.environment.push_back("RUNNER_POINT=" + what.for_all);
  }
  const oracle::Rules rules;
  Settled end = settle(fleet, place, rules, std::chrono::seconds(20));
  record.count("ticks until quiet", end.ticks);
  if (what.far || what.scene == "janitor") {
    if (const std::string twice = forget_pruned(end.now); !twice.empty()) {
      violation("invariant 2: " + twice);
    }
  }
  if (!end.trouble.empty()) {
    violation("invariant 4: " + end.trouble);
  }
  if (!end.quiet) {
    violation("invariant 4: ticks alone bring no rest: " + fleet.tick().out +
              fleet.run({"runs"}).out + fleet.run({"explain", "acme/shop#1"}).out);
  } else if (const auto findings = oracle::judge_quiet(end.now, rules); !findings.empty()) {
    violation(oracle::describe(findings));
  }
  fleet.play.environment = before;
  if (const std::string turns = harmed(end.now, what); !turns.empty()) {
    violation("invariant 6: a jump of the clock ended a turn: " + turns);
  }
  if (const std::string left = fleet.processes(); end.quiet && !left.empty()) {
    violation("invariant 6: left running: " + left);
  }
  return points_of(fleet);
}

}  // namespace prove::time_jumps

#include "tests/prove/overlap/swarm.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/support/signals.h"

namespace prove::overlap {

namespace {

constexpr std::chrono::seconds kLongestEnd{60};

/// How many effects a tick says it has carried out. A landing or a worktree tells several things.
int effects_told(const std::string& lines) {
  static const std::set<std::string> kEach = {"set-labels", "upsert-comment", "close-issue",
                                              "start-turn", "stop-turn",      "start-ci",
                                              "notify"};
  static const std::set<std::string> kTogether = {"landed", "merged-base",       "rejected",
                                                  "rescue", "worktree-released", "worktree"};
  int count = 0;
  bool others = false;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.value("level", "") == "info") {
      count += kEach.contains(json.value("event", "")) ? 1 : 0;
      others = others || kTogether.contains(json.value("event", ""));
    }
  }
  return count + (others ? 1 : 0);
}

}  // namespace

int Swarm::pick(int below) {
  return std::uniform_int_distribution<int>(0, below - 1)(random_);
}

void Swarm::start_tick() {
  ticks_.push_back({.process = fleet_.play.start({"tick"})});
  record_.count("ticks");
}

void Swarm::start_command(const std::vector<std::string>& words) {
  commands_.push_back(fleet_.play.start(words));
  record_.count("commands of people");
}

void Swarm::attend() {
  const auto now = Clock::now();
  for (Tick& tick : ticks_) {
    if (tick.stopped && now >= tick.wake) {
      wake(tick);
    }
  }
  const auto is_over = [this](Tick& tick) {
    if (!tick.process.ended()) {
      return false;
    }
    ended(tick);
    return true;
  };
  // Moved by hand: a process is no value that std::erase_if could assign.
  std::vector<Tick> left;
  for (Tick& tick : ticks_) {
    if (!is_over(tick)) {
      left.push_back(std::move(tick));
    }
  }
  ticks_.swap(left);
  std::vector<test_support::Started> still;
  for (test_support::Started& command : commands_) {
    if (command.ended()) {
      (void)command.finish();
    } else {
      still.push_back(std::move(command));
    }
  }
  commands_.swap(still);
}

Swarm::Tick* Swarm::victim() {
  if (ticks_.empty()) {
    return nullptr;
  }
  if (pick(4) > 0) {
    if (const auto lease = looker_.lease(); lease && lease->pid > 0) {
      const auto holder = std::ranges::find_if(
          ticks_, [&](const Tick& tick) { return tick.process.pid() == lease->pid; });
      if (holder != ticks_.end()) {
        return &*holder;
      }
    }
  }
  return &ticks_[static_cast<std::size_t>(pick(alive()))];
}

void Swarm::strike() {
  const int what = pick(20);
  if (what < 2) {
    kill_supervisor();
    return;
  }
  Tick* tick = what < 10 ? victim() : nullptr;
  if (tick == nullptr || tick->stopped || tick->killed) {
    return;
  }
  if (what < 6) {
    tick->process.kill(SIGKILL);
    tick->killed = true;
    record_.count("ticks killed");
  } else {
    stop(*tick);
  }
}

void Swarm::stop(Tick& tick) {
  tick.process.kill(SIGSTOP);
  tick.stopped = true;
  const auto slept = ttl_.count() * (30 + pick(270)) / 100;
  tick.wake = Clock::now() + std::chrono::milliseconds(slept);
  const auto lease = looker_.lease();
  tick.epoch = lease && lease->pid == tick.process.pid() ? lease->epoch : 0;
  record_.count("ticks put to sleep");
  if (tick.epoch > 0) {
    record_.count("of these with the lease");
  }
}

void Swarm::wake(Tick& tick) {
  if (tick.epoch > 0) {
    const auto lease = looker_.lease();
    tick.overslept = lease && lease->epoch > tick.epoch;
    tick.said_before = tick.process.output().size();
  }
  if (tick.overslept) {
    record_.seen("a sleeper woke after its lease had been taken over");
  }
  tick.stopped = false;
  tick.process.kill(SIGCONT);
}

void Swarm::kill_supervisor() {
  std::vector<int> supervisors;
  std::istringstream lines(fleet_.processes());
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" supervise ") != std::string::npos) {
      supervisors.push_back(std::atoi(line.c_str()));
    }
  }
  if (!supervisors.empty()) {
    const auto which = static_cast<std::size_t>(pick(static_cast<int>(supervisors.size())));
    (void)test_support::send_signal(supervisors[which], SIGKILL);
    record_.count("supervisors killed");
  }
}

void Swarm::ended(Tick& tick) {
  const test_support::Answer answer = tick.process.finish();
  const std::string all = answer.out + answer.error;
  if (all.find("so this one did nothing") != std::string::npos) {
    record_.seen("the lease was held by another tick");
  }
  if (all.find("is not in force any more") != std::string::npos) {
    record_.seen("a stale epoch was refused");
  }
  // 128 + SIGABRT or SIGSEGV is nobody's wish.
  const bool expected = answer.exit_code == 0 || answer.exit_code == 1 || answer.exit_code == 75 ||
                        (tick.killed && answer.exit_code == 128 + SIGKILL);
  if (!expected) {
    record_.violation({.what = fmt::format("a tick ended with {}: {}", answer.exit_code,
                                           all.substr(all.size() > 600 ? all.size() - 600 : 0)),
                       .where = case_.name,
                       .seed = case_.seed});
  }
  if (tick.overslept) {
    const int told = effects_told(
        answer.out.size() > tick.said_before ? answer.out.substr(tick.said_before) : "");
    // The one that it was in the middle of cannot be called back.
    if (told > 1) {
      record_.violation(
          {.what = fmt::format("invariant 1: a tick whose lease was gone carried out {} effects "
                               "after it woke: {}",
                               told, answer.out.substr(tick.said_before, 1500)),
           .where = case_.name,
           .seed = case_.seed});
    }
  }
}

void Swarm::drain() {
  for (Tick& tick : ticks_) {
    if (tick.stopped) {
      wake(tick);
    }
  }
  const auto give_up = Clock::now() + kLongestEnd;
  while (!ticks_.empty() || !commands_.empty()) {
    attend();
    if (Clock::now() > give_up) {
      record_.violation(
          {.what = fmt::format("{} ticks or commands do not end", ticks_.size() + commands_.size()),
           .where = case_.name,
           .seed = case_.seed});
      ticks_.clear();  // kills them
      commands_.clear();
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace prove::overlap

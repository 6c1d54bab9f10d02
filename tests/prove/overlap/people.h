#pragma once

#include <random>
#include <set>

#include "tests/prove/overlap/swarm.h"

namespace prove::overlap {

/// What people do while ticks are at work: pause and resume, cancel, release, write, comment, edit
/// and close issues. Never more than a person may.
class People {
 public:
  People(const test_support::SmallFleet& fleet, std::vector<std::string> repos, Swarm& swarm,
         std::mt19937_64& random, Record& record)
      : fleet_(fleet), repos_(std::move(repos)), swarm_(swarm), random_(random), record_(record) {}

  /// One of these things, or nothing.
  void act();

  /// Issues that somebody closed, or tried to.
  [[nodiscard]] const std::set<oracle::IssueName>& closed() const { return closed_; }

 private:
  [[nodiscard]] int pick(int below);
  [[nodiscard]] std::string any_run();
  void edit(bool close);
  void comment();

  const test_support::SmallFleet& fleet_;
  std::vector<std::string> repos_;
  Swarm& swarm_;
  std::mt19937_64& random_;
  Record& record_;
  std::set<oracle::IssueName> closed_;
  bool paused_ = false;
  int written_ = 0;
};

}  // namespace prove::overlap

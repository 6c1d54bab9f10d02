#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/oracle/judge.h"
#include "tests/oracle/observe_folder.h"
#include "tests/prove/remote/cases.h"
#include "tests/support/small_fleet.h"

namespace prove::remote {

/// A fleet whose repositories are reached over HTTP through one server that can fail: repository i
/// is "acme/cI", its notifications go to /notify/cI.
class World {
 public:
  World(const Options& options, int repos, bool idle);

  /// Ticks until nothing is live, open or waiting; false if that does not come. Judges on the way.
  [[nodiscard]] bool settle(bool history_may_change, std::vector<oracle::Finding>& findings);
  [[nodiscard]] oracle::Observation observe() const;
  [[nodiscard]] std::string repo(int number) const;
  [[nodiscard]] std::string bare(int number) const;
  /// Somebody else's commit on the base branch, made in the bare repository itself.
  void push_as_somebody(int number, bool rewrite) const;

  // The fleet's folder holds the repositories that the server shows, so it is made first.
  test_support::SmallFleet fleet;
  std::unique_ptr<stub::Stub> server;

 private:
  int repos_;
  oracle::Place place_;
};

}  // namespace prove::remote

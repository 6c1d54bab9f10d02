#pragma once

#include <stdlib.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/prove/frame/harness.h"
#include "tests/prove/frame/pool.h"
#include "tests/support/staged_fleet.h"

namespace prove {

/// Tells the scenes which binary and programs are tested, and whether that binary has the named
/// points (RUNNER_TEST_POINTS). To be called before there are threads.
inline bool ready_for_scenes(const Options& options) {
  ::setenv("RUNNER_BINARY", options.runner.c_str(), 1);
  ::setenv("RUNNER_TEST_PROGRAMS", options.programs.c_str(), 1);
  test_support::Playground play;
  const std::string log = play.folder() + "/points.log";
  play.environment.push_back("RUNNER_POINT_LOG=" + log);
  (void)play.run({"version"});
  return !test_support::content_of(log).empty();
}

/// Stages of every scene, set up when they are wanted, for several cases at a time.
class Stages {
 public:
  /// With the planted bug that is asked for.
  explicit Stages(const Options& options) {
    std::vector<std::string> environment;
    if (!options.planted.empty()) {
      environment.push_back("RUNNER_PLANTED=" + options.planted);
    }
    for (const test_support::Scene& scene : test_support::scenes()) {
      pools_.try_emplace(scene.name, [&scene, environment](int) {
        return std::make_unique<test_support::Stage>(scene, environment);
      });
    }
  }

  /// One that no other case has, until the answer goes.
  [[nodiscard]] auto take(const std::string& scene) { return pools_.at(scene).take(); }

 private:
  std::map<std::string, Pool<test_support::Stage>> pools_;
};

}  // namespace prove

#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "jobs/ports/clock.h"
#include "runner/executors/process_executor.h"

/// Shared by the tests of the process executor. The test program is its own `runner supervise` (see
/// main in start_test.cc). What is true is looked up here by other means than the product's: the
/// agent's own log and a walk over /proc.
namespace executor_tests {

class RealClock final : public jobs::Clock {
 public:
  jobs::TimePoint now() override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
  std::uint64_t random() override { return generator_(); }

 private:
  std::mt19937_64 generator_{std::random_device{}()};
};

class TurnFixture : public testing::Test {
 protected:
  TurnFixture();
  ~TurnFixture() override;

  using Executor = runner::executors::ProcessExecutor;
  [[nodiscard]] std::unique_ptr<Executor> make_executor(
      const std::string& program = "/proc/self/exe",
      jobs::Duration takeover = std::chrono::seconds(60));
  /// A turn in which the fake agent does these steps; ends by itself within a minute whatever
  /// happens.
  [[nodiscard]] jobs::TurnSpec spec(std::vector<std::string> steps, int number = 1) const;
  [[nodiscard]] std::string directory(int number = 1) const;
  /// Waits for the end of a started turn.
  [[nodiscard]] jobs::TurnFacts wait_for_end(int number = 1);
  /// start() and wait_for_end().
  [[nodiscard]] jobs::TurnFacts run(const jobs::TurnSpec& spec);
  /// Waits until the condition is true; false after a minute.
  [[nodiscard]] static bool wait_until(const std::function<bool()>& condition);

  /// Why this host cannot have that containment; "" = it can.
  [[nodiscard]] static std::string why_not(jobs::Containment containment);
  /// Processes of this test's turns, by their environment.
  [[nodiscard]] std::vector<int> processes() const;
  /// Lines of the fake agent's own log that begin with this word.
  [[nodiscard]] int logged(const std::string& word) const;
  [[nodiscard]] std::string read(const std::filesystem::path& path) const;
  [[nodiscard]] int supervisor_pid(int number = 1) const;

  std::filesystem::path folder_;
  std::filesystem::path worktree_;
  std::string root_;
  jobs::Containment containment_ = jobs::Containment::automatic;
  bool bubblewrap_ = false;  ///< may be used by `automatic`, too
  std::map<std::string, std::string> environment_;
  RealClock clock_;
  std::unique_ptr<Executor> executor_;
};

/// Most things must hold in every containment.
class TurnInEveryContainment : public TurnFixture,
                               public testing::WithParamInterface<jobs::Containment> {
 protected:
  TurnInEveryContainment() {
    containment_ = GetParam();
    bubblewrap_ = containment_ == jobs::Containment::sandbox;
  }
  void SetUp() override {
    if (const std::string why = why_not(GetParam()); !why.empty()) {
      GTEST_SKIP() << why;
    }
  }
};

}  // namespace executor_tests

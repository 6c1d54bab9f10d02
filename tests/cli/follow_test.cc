#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/cli/sample.h"
#include "tests/support/playground.h"

namespace test_support {
namespace {

/// `runner logs -f` in a thread of its own, with what it has printed so far.
class Following {
 public:
  explicit Following(const Playground& playground)
      : output_(playground.folder() + "/.answer.out"),
        thread_([this, &playground] { answer_ = playground.run({"logs", "-f", kLiveRun}); }) {}
  ~Following() { join(); }
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  [[nodiscard]] bool shows(const std::string& text) const {
    constexpr int kTries = 1000;
    for (int i = 0; i < kTries; ++i) {
      if (content_of(output_).find(text) != std::string::npos) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  Answer join() {
    if (thread_.joinable()) {
      thread_.join();
    }
    return answer_;
  }

 private:
  std::string output_;
  Answer answer_;
  std::thread thread_;
};

void end_run(const Playground& playground) {
  runner::store::StoreOptions options;
  options.state_dir = playground.folder() + "/manifests/state";
  const auto now = std::chrono::time_point_cast<jobs::Duration>(std::chrono::system_clock::now());
  options.now = now;
  auto store = runner::store::open_store(options);
  ASSERT_TRUE(store.has_value());
  const auto lease = (*store)->acquire_lease("host:1:1:test", now, std::chrono::minutes(2));
  ASSERT_TRUE(lease.has_value());
  jobs::TickRow tick;
  tick.id = jobs::TickId("t01kh5vq8f00000000000000003");
  tick.started_at = now;
  ASSERT_TRUE((*store)->begin_tick(*lease, tick).has_value());
  auto run = (*store)->run(kLiveRun);
  ASSERT_TRUE(run.has_value());
  run->outcome = jobs::Outcome::cancelled;
  run->step = jobs::RunStep::ended;
  run->ended_at = now;
  jobs::Change change;
  change.runs.push_back(*run);
  const auto committed = (*store)->commit(*lease, tick.id, change);
  ASSERT_TRUE(committed.has_value()) << committed.error().text();
}

TEST(CliFollow, GoesOnThroughGrowthAndTruncationUntilTheRunEnds) {
  Playground playground;
  fill_state(playground);
  const std::string log =
      playground.folder() + "/manifests/state/turns/" + kLiveRun + "/1/output.log";
  Following following(playground);
  EXPECT_TRUE(following.shows("first line"));
  std::ofstream(log, std::ios::app) << " now ended\nlater line\n";
  EXPECT_TRUE(following.shows("no newline now ended\nlater line\n"));
  std::ofstream(log, std::ios::trunc) << "new start\n";
  EXPECT_TRUE(following.shows("the output was cut"));
  EXPECT_TRUE(following.shows("new start\n"));
  end_run(playground);
  const Answer answer = following.join();
  EXPECT_EQ(answer.exit_code, 0) << answer.error;
  EXPECT_EQ(answer.out.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace test_support

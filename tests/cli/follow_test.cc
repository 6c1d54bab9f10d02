#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runner/process/turn_files.h"
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

std::string event_line(int number) {
  return runner::process::to_json_line({.at = jobs::TimePoint{},
                                        .type = number % 3 == 0 ? "tool" : "text",
                                        .text = std::string(static_cast<std::size_t>(number), 'x'),
                                        .number = number});
}

/// What a live turn does: writes events in pieces that end anywhere.
void write_in_pieces(const std::string& path, int events, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes;
  for (int number = 1; number <= events; ++number) {
    bytes += event_line(number);
  }
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t piece = 1 + random() % 700;
    std::ofstream(path, std::ios::app) << bytes.substr(at, piece);
    at += piece;
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 12));
  }
}

/// The whole lines of what came; a line that was cut did not come.
std::vector<std::string> whole_lines(const std::string& bytes) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = bytes.find('\n'); end != std::string::npos;
       end = bytes.find('\n', begin)) {
    lines.push_back(bytes.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

TEST(CliFollow, ACutFollowerGoesOnBehindTheLastEventThatCame) {
  constexpr int kEvents = 250;
  Playground playground;
  fill_state(playground);
  const std::string events =
      playground.folder() + "/manifests/state/turns/" + kLiveRun + "/1/events.ndjson";
  write_file(events, "");
  std::thread turn([&] { write_in_pieces(events, kEvents, 7); });
  std::mt19937 random(11);
  std::vector<std::string> came;
  std::string last;
  int cuts = 0;
  for (; static_cast<int>(came.size()) < kEvents && cuts < 1000; ++cuts) {
    std::vector<std::string> words{"logs", "-f", "--events", kLiveRun};
    if (!last.empty()) {
      words.insert(words.end(), {"--after", last});
    }
    Started follower = playground.start(words);
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 350));
    follower.kill(SIGKILL);
    for (std::string& line : whole_lines(follower.finish().out)) {
      const auto event = nlohmann::json::parse(line);
      last = event.at("id");
      came.push_back(last + " " + std::to_string(event.at("text").get<std::string>().size()));
    }
  }
  turn.join();
  std::vector<std::string> all;
  for (int number = 1; number <= kEvents; ++number) {
    all.push_back("1." + std::to_string(number) + " " + std::to_string(number));
  }
  EXPECT_EQ(came, all);
  EXPECT_GE(cuts, 3) << "it was hardly cut";
}

TEST(CliFollow, AFileThatIsReplacedRepeatsNothing) {
  Playground playground;
  fill_state(playground);
  const std::string events =
      playground.folder() + "/manifests/state/turns/" + kLiveRun + "/1/events.ndjson";
  write_file(events, event_line(1) + event_line(2));
  Started follower = playground.start({"logs", "-f", "--events", kLiveRun});
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  write_file(events + ".new", event_line(1) + event_line(2) + event_line(3));
  std::filesystem::rename(events + ".new", events);
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  end_run(playground);
  const Answer answer = follower.finish();
  EXPECT_EQ(answer.exit_code, 0) << answer.error;
  std::vector<std::string> ids;
  for (const std::string& line : whole_lines(answer.out)) {
    ids.push_back(nlohmann::json::parse(line).at("id"));
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"1.1", "1.2", "1.3"}));
}

TEST(CliFollow, AfterIsThePlaceOfAnEvent) {
  Playground playground;
  fill_state(playground);
  for (const char* wrong : {"2", "1.x", "-1.2", "1.2.3", "1.", "99999999999.1"}) {
    const Answer answer = playground.run({"logs", "--events", "--after", wrong, kLiveRun});
    EXPECT_EQ(answer.exit_code, 2) << wrong;
    EXPECT_NE(answer.error.find("such as 2.37"), std::string::npos) << answer.error;
  }
  EXPECT_EQ(playground.run({"logs", "--after", "1.1", kLiveRun}).exit_code, 2);
  EXPECT_EQ(playground.run({"logs", "--events", "--raw", kLiveRun}).exit_code, 2);
  EXPECT_EQ(playground.run({"--json", "logs", "--events", kLiveRun}).exit_code, 2);
}

}  // namespace
}  // namespace test_support

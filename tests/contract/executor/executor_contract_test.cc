// What every executor must do, asked of the fake and of the real one. The program is its own
// `runner supervise`.

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "runner/executors/process_executor.h"
#include "runner/process/sandbox_init.h"
#include "runner/process/supervisor.h"
#include "tests/fakes/fake_executor.h"

namespace {

namespace fs = std::filesystem;
using jobs::TurnEnd;
using State = jobs::TurnFacts::State;

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

/// One executor and the way to make a turn of it behave.
class Harness {
 public:
  virtual ~Harness() = default;
  virtual jobs::ExecutorReader& reader() = 0;
  virtual jobs::ExecutorWriter& writer() = 0;
  virtual void exits(jobs::TurnSpec& spec, int code) = 0;
  virtual void dies(jobs::TurnSpec& spec, int signal) = 0;
  virtual void hangs(jobs::TurnSpec& spec) = 0;
  virtual void talks(jobs::TurnSpec& spec) = 0;  ///< prints "hello", one phase, one note, says it
                                                 ///< is blocked, usage of 7 tokens
  virtual void cannot_start(jobs::TurnSpec& spec) = 0;
};

class RealHarness final : public Harness {
 public:
  explicit RealHarness(const std::string& root)
      : executor_(runner::executors::make_process_executor(
            {.root = root, .program = "/proc/self/exe", .environment = {}, .clock = &clock_})) {}
  jobs::ExecutorReader& reader() override { return *executor_; }
  jobs::ExecutorWriter& writer() override { return *executor_; }
  void exits(jobs::TurnSpec& spec, int code) override {
    agent(spec, {"exit", std::to_string(code)});
  }
  void dies(jobs::TurnSpec& spec, int signal) override {
    agent(spec, {"signal", std::to_string(signal)});
  }
  void hangs(jobs::TurnSpec& spec) override { agent(spec, {"hang"}); }
  void talks(jobs::TurnSpec& spec) override {
    agent(spec, {"print", "hello", "phase", "green", "note", "a note", "blocked", "a reason",
                 "usage", R"({"tokens": 7})"});
    spec.usage_file = "usage.json";
  }
  void cannot_start(jobs::TurnSpec& spec) override { spec.argv = {"/no/such/program"}; }

 private:
  static void agent(jobs::TurnSpec& spec, std::vector<std::string> steps) {
    spec.argv = std::move(steps);
    spec.argv.insert(spec.argv.begin(), std::string(RUNNER_TEST_PROGRAMS) + "/fake_agent");
  }
  RealClock clock_;
  std::unique_ptr<runner::executors::ProcessExecutor> executor_;
};

class FakeHarness final : public Harness {
 public:
  explicit FakeHarness(const std::string& root) : executor_(root, &clock_) {}
  jobs::ExecutorReader& reader() override { return executor_; }
  jobs::ExecutorWriter& writer() override { return executor_; }
  void exits(jobs::TurnSpec& spec, int code) override {
    script(spec).exit = {
        .end = TurnEnd::exited, .exit_code = code, .signal = 0, .detail = {}, .at = {}};
    commit(spec);
  }
  void dies(jobs::TurnSpec& spec, int signal) override {
    script(spec).exit = {
        .end = TurnEnd::signalled, .exit_code = 0, .signal = signal, .detail = {}, .at = {}};
    commit(spec);
  }
  void hangs(jobs::TurnSpec& spec) override {
    script(spec).hangs = true;
    commit(spec);
  }
  void talks(jobs::TurnSpec& spec) override {
    auto& what = script(spec);
    what.output = "hello\n";
    what.phases = {"green"};
    what.notes = {"a note"};
    what.blocked = "a reason";
    what.usage = jobs::Usage{{}, 7, 1, 1};
    commit(spec);
  }
  void cannot_start(jobs::TurnSpec& spec) override {
    script(spec).exit = {.end = TurnEnd::not_started,
                         .exit_code = 0,
                         .signal = 0,
                         .detail = "program not found",
                         .at = {}};
    commit(spec);
  }

 private:
  fakes::FakeExecutor::Script& script(jobs::TurnSpec& spec) {
    spec.argv = {"agent"};
    next_ = {};
    return next_;
  }
  void commit(const jobs::TurnSpec& spec) { executor_.script_for(spec.directory, next_); }

  RealClock clock_;
  fakes::FakeExecutor executor_;
  fakes::FakeExecutor::Script next_;
};

using MakeHarness = std::function<std::unique_ptr<Harness>(const std::string& root)>;
struct Kind {
  const char* name;
  MakeHarness make;
};

class ExecutorContract : public testing::TestWithParam<Kind> {
 protected:
  ExecutorContract() {
    std::string name = (fs::temp_directory_path() / "contract.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    root_ = (folder_ / "turns").string();
    harness_ = GetParam().make(root_);
  }
  ~ExecutorContract() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  jobs::TurnSpec spec(int number = 1) const {
    jobs::TurnSpec result;
    result.run = jobs::RunId("r1");
    result.issue = {jobs::RepoName("acme/shop"), 12};
    result.number = number;
    result.directory = fmt::format("{}/r1/{}", root_, number);
    result.cwd = folder_.string();
    result.deadline = std::chrono::seconds(60);
    result.grace = std::chrono::milliseconds(200);
    return result;
  }
  jobs::TurnFacts wait_for_end(const jobs::TurnSpec& spec) {
    for (int round = 0; round < 6000; ++round) {
      auto facts = harness_->reader().observe(spec.directory);
      if (facts && facts->state == State::ended) {
        EXPECT_TRUE(facts->exit);
        return *facts;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "the turn did not end";
    jobs::TurnFacts none;
    none.exit = jobs::TurnExit{};
    return none;
  }
  jobs::TurnFacts run(const jobs::TurnSpec& spec) {
    const auto started = harness_->writer().start(spec, {});
    EXPECT_TRUE(started) << started.error().text();
    return wait_for_end(spec);
  }

  fs::path folder_;
  std::string root_;
  std::unique_ptr<Harness> harness_;
};

TEST_P(ExecutorContract, NothingThereIsAbsentAndNoError) {
  const auto facts = harness_->reader().observe(spec().directory);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->state, State::absent);
  EXPECT_TRUE(harness_->reader().list()->empty());
  EXPECT_TRUE(harness_->writer().stop(spec().directory, "x"));
  EXPECT_EQ(*harness_->writer().reap(spec().directory), 0);
  EXPECT_TRUE(harness_->writer().remove(spec().directory));
}

TEST_P(ExecutorContract, ExitCodesComeBack) {
  for (const int code : {0, 1, 42}) {
    auto wanted = spec(code + 1);
    harness_->exits(wanted, code);
    const auto facts = run(wanted);
    EXPECT_EQ(facts.exit->end, TurnEnd::exited);
    EXPECT_EQ(facts.exit->exit_code, code);
    EXPECT_TRUE(facts.exit->at);
    EXPECT_TRUE(facts.started_at);
    EXPECT_FALSE(facts.usage);
  }
  EXPECT_EQ(harness_->reader().list()->size(), 3U);
}

TEST_P(ExecutorContract, SignalsComeBack) {
  auto wanted = spec();
  harness_->dies(wanted, 9);
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::signalled);
  EXPECT_EQ(facts.exit->signal, 9);
}

TEST_P(ExecutorContract, WhatTheAgentSaysComesBack) {
  auto wanted = spec();
  harness_->talks(wanted);
  const auto facts = run(wanted);
  EXPECT_EQ(facts.output_tail, "hello\n");
  EXPECT_EQ(facts.output_bytes, 6);
  EXPECT_TRUE(facts.last_output_at);
  EXPECT_EQ(facts.phases, std::vector<std::string>{"green"});
  EXPECT_EQ(facts.notes, std::vector<std::string>{"a note"});
  EXPECT_EQ(facts.blocked, "a reason");
  ASSERT_TRUE(facts.usage);
  EXPECT_EQ(facts.usage->tokens, 7);
  EXPECT_FALSE(facts.containment.empty());
}

TEST_P(ExecutorContract, AProgramThatCannotStartEndsTheTurn) {
  auto wanted = spec();
  harness_->cannot_start(wanted);
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::not_started);
  EXPECT_FALSE(facts.exit->detail.empty());
}

TEST_P(ExecutorContract, StartIsIdempotentAlsoAfterTheEnd) {
  auto wanted = spec();
  harness_->exits(wanted, 3);
  const auto first = run(wanted);
  const auto second = run(wanted);
  EXPECT_EQ(first.exit, second.exit);
  EXPECT_EQ(first.started_at, second.started_at);
}

TEST_P(ExecutorContract, AnotherTurnInTheSameDirectoryIsAConflict) {
  auto wanted = spec();
  harness_->exits(wanted, 0);
  (void)run(wanted);
  wanted.issue.number = 99;
  const auto refused = harness_->writer().start(wanted, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, jobs::ErrorKind::conflict);
}

TEST_P(ExecutorContract, ADirectoryThatIsNotTheTurnsIsRefused) {
  auto wanted = spec();
  harness_->exits(wanted, 0);
  wanted.directory += "/../../../elsewhere";
  const auto refused = harness_->writer().start(wanted, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, jobs::ErrorKind::usage);
}

TEST_P(ExecutorContract, AHangingTurnRunsUntilItIsStopped) {
  auto wanted = spec();
  harness_->hangs(wanted);
  ASSERT_TRUE(harness_->writer().start(wanted, {}));
  EXPECT_EQ(harness_->reader().observe(wanted.directory)->state, State::running);
  const auto refused = harness_->writer().remove(wanted.directory);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, jobs::ErrorKind::conflict);
  EXPECT_EQ(*harness_->writer().reap(wanted.directory), 0);
  ASSERT_TRUE(harness_->writer().stop(wanted.directory, "the issue was closed"));
  const auto facts = wait_for_end(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::stopped);
  EXPECT_EQ(facts.exit->detail, "stopped: the issue was closed");
  EXPECT_TRUE(harness_->writer().stop(wanted.directory, "again"));
  EXPECT_TRUE(harness_->writer().remove(wanted.directory));
  EXPECT_EQ(harness_->reader().observe(wanted.directory)->state, State::absent);
}

TEST_P(ExecutorContract, Invariant2_WhoLostTheLeaseStartsNothing) {
  auto wanted = spec();
  harness_->hangs(wanted);
  const auto refused = harness_->writer().start(
      wanted, [] { return jobs::fail(jobs::ErrorKind::conflict, "the lease is lost"); });
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().text().find("the lease is lost"), std::string::npos);
  EXPECT_EQ(harness_->reader().observe(wanted.directory)->state, State::absent);
  int asked = 0;
  const auto ours = [&]() -> jobs::Status {
    ++asked;
    return jobs::ok();
  };
  ASSERT_TRUE(harness_->writer().start(wanted, ours));
  ASSERT_TRUE(harness_->writer().start(wanted, ours));
  EXPECT_EQ(asked, 1) << "what runs is not started again, so nothing is asked";
  ASSERT_TRUE(harness_->writer().stop(wanted.directory, "the test is over"));
  (void)wait_for_end(wanted);
}

INSTANTIATE_TEST_SUITE_P(Executors, ExecutorContract,
                         testing::Values(Kind{"fake",
                                              [](const std::string& root) {
                                                return std::make_unique<FakeHarness>(root);
                                              }},
                                         Kind{"process",
                                              [](const std::string& root) {
                                                return std::make_unique<RealHarness>(root);
                                              }}),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace

int main(int argc, char** argv) {
  if (runner::process::is_sandbox_call(argc, argv)) {
    runner::process::sandbox_main(argv);
  }
  if (argc == 3 && std::string_view(argv[1]) == "supervise") {
    return runner::process::supervise(argv[2]);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

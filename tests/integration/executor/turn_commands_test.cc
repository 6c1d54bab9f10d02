#include "runner/executors/turn_commands.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>

#include "tests/integration/executor/turn_fixture.h"
#include "tests/support/signals.h"

namespace executor_tests {
namespace {

namespace fs = std::filesystem;

class Command : public TurnInEveryContainment {
 protected:
  using Outcome = jobs::Result<jobs::CommandRunner::Outcome>;

  void SetUp() override {
    TurnInEveryContainment::SetUp();
    options_.root = root_;
    options_.home = (folder_ / "setup-home").string();
    options_.limits.turn_grace = std::chrono::milliseconds(200);
    options_.containment = containment_;
    options_.beside[jobs::RepoName("acme/shop")] = {(folder_ / "agent.log").string()};
  }
  Outcome run(std::vector<std::string> argv, jobs::Duration deadline = std::chrono::seconds(60)) {
    const auto commands =
        runner::executors::make_turn_commands(options_, *executor_, *executor_, clock_);
    return commands->run({.repo = jobs::RepoName("acme/shop"),
                          .argv = std::move(argv),
                          .cwd = worktree_.string(),
                          .env = env_,
                          .deadline = deadline});
  }
  Outcome agent(std::vector<std::string> steps,
                jobs::Duration deadline = std::chrono::seconds(60)) {
    steps.insert(steps.begin(), std::string(RUNNER_TEST_PROGRAMS) + "/fake_agent");
    return run(std::move(steps), deadline);
  }
  /// Processes below the command, by the log file that stands in their environment.
  int alive() const {
    int count = 0;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error)) {
      if (read(entry.path() / "environ").find(env_.at("FAKE_AGENT_LOG")) != std::string::npos) {
        ++count;
      }
    }
    return count;
  }
  /// Folders of commands that are there.
  int kept() const {
    int count = 0;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(root_, error)) {
      count += entry.path().filename() == "spec.json" ? 1 : 0;
    }
    return count;
  }

  std::map<std::string, std::string> env_ = {{"FAKE_AGENT_LOG", (folder_ / "agent.log").string()}};
  runner::executors::TurnCommandsOptions options_;
};

INSTANTIATE_TEST_SUITE_P(All, Command,
                         testing::Values(jobs::Containment::sandbox,
                                         jobs::Containment::pid_namespace,
                                         jobs::Containment::group),
                         [](const auto& level) {
                           std::string name(to_string(level.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(Command, GivesExitCodeAndOutput) {
  const auto good = agent({"print", "hello"});
  ASSERT_TRUE(good) << good.error().text();
  EXPECT_EQ(good->exit_code, 0);
  EXPECT_EQ(good->output_tail, "hello\n");
  EXPECT_EQ(agent({"print", "no", "exit", "3"})->exit_code, 3);
  EXPECT_EQ(agent({"signal", "11"})->exit_code, 128 + SIGSEGV);
}

TEST_P(Command, RunsInTheFolderWithItsOwnEnvironment) {
  ::setenv("RUNNER_TEST_OF_THE_OPERATOR", "private", 1);
  env_["PLAIN"] = "value";
  const auto outcome = run({"env"});
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_EQ(outcome->output_tail.find("RUNNER_TEST_OF_THE_OPERATOR"), std::string::npos);
  EXPECT_NE(outcome->output_tail.find("PLAIN=value\n"), std::string::npos);
  EXPECT_NE(outcome->output_tail.find("HOME=" + options_.home + "\n"), std::string::npos)
      << outcome->output_tail;
  EXPECT_EQ(run({"pwd"})->output_tail, worktree_.string() + "\n");
}

TEST_P(Command, WritesItsWorktreeAndItsHome) {
  EXPECT_EQ(run({"touch", "made", options_.home + "/cached"})->exit_code, 0);
  EXPECT_TRUE(fs::exists(worktree_ / "made"));
  EXPECT_TRUE(fs::exists(options_.home + "/cached"));
}

TEST_P(Command, Invariant10_TheEnvironmentOfTheTickIsOutOfReach) {
  if (containment_ == jobs::Containment::group) {
    GTEST_SKIP() << "processes of one user see each other there";
  }
  ::setenv("RUNNER_TEST_OF_THE_OPERATOR", "private", 1);
  const auto outcome = run({"sh", "-c", "cat /proc/[0-9]*/environ | tr '\\0' '\\n'"});
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_NE(outcome->output_tail.find("HOME="), std::string::npos) << outcome->output_tail;
  EXPECT_EQ(outcome->output_tail.find("RUNNER_TEST_OF_THE_OPERATOR"), std::string::npos);
}

TEST_P(Command, ArgumentsAreNeverAShellsWords) {
  EXPECT_EQ(agent({"print", "$(id); `id` && *"})->output_tail, "$(id); `id` && *\n");
}

TEST_P(Command, MissingProgramIsNotFound) {
  const auto refused = run({"no-such-program"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, jobs::ErrorKind::not_found) << refused.error().text();
  EXPECT_FALSE(run({}));
}

TEST_P(Command, KeepsTheEndOfLongOutput) {
  const auto outcome = agent({"flood", "10485760", "print", "the end"});
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_LE(outcome->output_tail.size(), 8U << 10);
  EXPECT_TRUE(outcome->output_tail.ends_with("\nthe end\n"));
}

TEST_P(Command, DeadlineEndsItWithEverythingBelow) {
  const auto outcome = agent({"ignore-term", "daemon", "60000", "print", "hello", "hang"},
                             std::chrono::milliseconds(1500));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, jobs::ErrorKind::transient);
  EXPECT_NE(outcome.error().message.find("hello"), std::string::npos) << outcome.error().text();
  EXPECT_EQ(alive(), 0);
}

TEST_P(Command, LeavesNothingBehind) {
  ASSERT_TRUE(agent({"daemon", "60000", "print", "hello"}));
  EXPECT_EQ(logged("daemon"), 1);
  EXPECT_EQ(alive(), 0);
  EXPECT_EQ(kept(), 0);
}

TEST_P(Command, WhatFailedIsKeptUntilTheNextOne) {
  EXPECT_EQ(agent({"exit", "1"})->exit_code, 1);
  EXPECT_EQ(kept(), 1);
  EXPECT_EQ(agent({"exit", "2"})->exit_code, 2);
  EXPECT_EQ(kept(), 1);
  EXPECT_EQ(agent({"exit", "0"})->exit_code, 0);
  EXPECT_EQ(kept(), 0);
}

TEST_P(Command, OneThatADeadTickLeftIsStoppedFirst) {
  // The tick dies while it waits: what it started goes on, supervised.
  const pid_t tick = fork();
  if (tick == 0) {
    (void)agent({"print", "first", "hang"});
    _exit(0);
  }
  ASSERT_TRUE(wait_until([&] { return alive() > 0; }));
  test_support::send_signal(tick, SIGKILL);
  waitpid(tick, nullptr, 0);
  const auto second = agent({"print", "second"});
  ASSERT_TRUE(second) << second.error().text();
  EXPECT_EQ(second->output_tail, "second\n");
  EXPECT_EQ(alive(), 0);
  EXPECT_EQ(kept(), 0);
}

TEST_P(Command, Invariant12_SecretsOfTheEnvironmentStayOutOfTheTail) {
  env_["DEPLOY_TOKEN"] = "s3cr3t-value";
  EXPECT_EQ(agent({"print-env", "DEPLOY_TOKEN"})->output_tail, "[redacted]\n");
}

}  // namespace
}  // namespace executor_tests

#include "runner/process/command_runner.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>

#include "tests/integration/executor/turn_fixture.h"

namespace executor_tests {
namespace {

namespace fs = std::filesystem;

class Command : public TurnFixture {
 protected:
  jobs::Result<jobs::CommandRunner::Outcome> run(
      std::vector<std::string> argv, jobs::Duration deadline = std::chrono::seconds(60)) {
    return runner_->run(argv, worktree_.string(), env_, deadline);
  }
  jobs::Result<jobs::CommandRunner::Outcome> agent(
      std::vector<std::string> steps, jobs::Duration deadline = std::chrono::seconds(60)) {
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

  std::map<std::string, std::string> env_ = {{"FAKE_AGENT_LOG", (folder_ / "agent.log").string()}};
  std::unique_ptr<jobs::CommandRunner> runner_ = runner::process::make_command_runner(
      {.home = folder_.string(), .grace = std::chrono::milliseconds(200)});
};

TEST_F(Command, GivesExitCodeAndOutput) {
  const auto good = agent({"print", "hello"});
  ASSERT_TRUE(good);
  EXPECT_EQ(good->exit_code, 0);
  EXPECT_EQ(good->output_tail, "hello\n");
  EXPECT_EQ(agent({"print", "no", "exit", "3"})->exit_code, 3);
  EXPECT_EQ(agent({"signal", "11"})->exit_code, 128 + SIGSEGV);
}

TEST_F(Command, RunsInTheFolderWithExactlyTheEnvironment) {
  ::setenv("RUNNER_TEST_OF_THE_OPERATOR", "private", 1);
  env_["PLAIN"] = "value";
  const auto outcome = run({"env"});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->output_tail.find("RUNNER_TEST_OF_THE_OPERATOR"), std::string::npos);
  EXPECT_NE(outcome->output_tail.find("PLAIN=value\n"), std::string::npos);
  EXPECT_NE(outcome->output_tail.find("HOME=" + folder_.string() + "\n"), std::string::npos);
  EXPECT_EQ(run({"pwd"})->output_tail, worktree_.string() + "\n");
}

TEST_F(Command, InheritsNoDescriptor) {
  const int leaked = ::dup(STDIN_FILENO);
  const auto outcome = agent({"describe"});
  ::close(leaked);
  EXPECT_TRUE(outcome->output_tail.starts_with("descriptors:\nblocked: 0\nstdin: 0\n"))
      << outcome->output_tail;
}

TEST_F(Command, ArgumentsAreNeverAShellsWords) {
  EXPECT_EQ(agent({"print", "$(id); `id` && *"})->output_tail, "$(id); `id` && *\n");
}

TEST_F(Command, MissingProgramIsNotFound) {
  const auto refused = run({"no-such-program"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, jobs::ErrorKind::not_found);
  EXPECT_FALSE(run({}));
  worktree_ = folder_ / "gone";
  EXPECT_FALSE(agent({"print", "hello"}));
}

TEST_F(Command, KeepsTheEndOfLongOutput) {
  const auto outcome = agent({"flood", "10485760", "print", "the end"});
  ASSERT_TRUE(outcome);
  EXPECT_LE(outcome->output_tail.size(), 8U << 10);
  EXPECT_TRUE(outcome->output_tail.ends_with("\nthe end\n"));
}

TEST_F(Command, DeadlineEndsItWithEverythingBelow) {
  const auto outcome = agent({"ignore-term", "daemon", "60000", "print", "hello", "hang"},
                             std::chrono::milliseconds(400));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, jobs::ErrorKind::transient);
  EXPECT_NE(outcome.error().message.find("hello"), std::string::npos);
  EXPECT_EQ(alive(), 0);
}

TEST_F(Command, LeavesNothingBehind) {
  ASSERT_TRUE(agent({"daemon", "60000", "print", "hello"}));
  EXPECT_EQ(logged("daemon"), 1);
  EXPECT_EQ(alive(), 0);
}

TEST_F(Command, Invariant12_SecretsOfTheEnvironmentStayOutOfTheTail) {
  env_["DEPLOY_TOKEN"] = "s3cr3t-value";
  EXPECT_EQ(agent({"print-env", "DEPLOY_TOKEN"})->output_tail, "[redacted]\n");
}

}  // namespace
}  // namespace executor_tests

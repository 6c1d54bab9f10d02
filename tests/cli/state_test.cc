#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/cli/sample.h"
#include "tests/support/case_file.h"
#include "tests/support/playground.h"

namespace test_support {
namespace {

const std::vector<std::string> kReading{"runs",
                                        "runs --live --json",
                                        "runs show r01kh5vq8d",
                                        "logs r01kh5vq8c",
                                        "explain acme/shop#2",
                                        "status",
                                        "status --json",
                                        "metrics",
                                        "worktrees",
                                        "worktrees prune",
                                        "issue list acme/shop",
                                        "manifests check",
                                        "manifests show",
                                        "manifests schema",
                                        "version",
                                        "completion bash"};

/// Commands that only look make and change no file: not a lock, not a journal, not a time stamp.
TEST(CliState, Invariant7_ReadingCommandsWriteNothing) {
  Playground playground;
  fill_state(playground);
  for (const std::string& command : kReading) {
    const std::string before = playground.state_snapshot();
    const Answer answer = playground.run(split_words(command));
    EXPECT_EQ(answer.exit_code, 0) << command << "\n" << answer.error;
    EXPECT_EQ(playground.state_snapshot(), before) << "runner " << command;
  }
  // And what does write is seen.
  const std::string before = playground.state_snapshot();
  EXPECT_EQ(playground.run({"pause"}).exit_code, 0);
  EXPECT_NE(playground.state_snapshot(), before);
}

TEST(CliState, Invariant7_ReadingCommandsMakeNoState) {
  Playground playground;
  for (const std::string command : {"runs", "status", "metrics", "worktrees"}) {
    const Answer answer = playground.run({command});
    EXPECT_EQ(answer.exit_code, 0) << command << "\n" << answer.error;
    EXPECT_FALSE(std::filesystem::exists(playground.folder() + "/manifests/state")) << command;
  }
}

TEST(CliState, ReadingGoesOnWhileTheKillSwitchIsOn) {
  Playground playground;
  fill_state(playground);
  playground.environment = {"RUNNER_KILL_SWITCH=on"};
  for (const std::string& command : kReading) {
    EXPECT_EQ(playground.run(split_words(command)).exit_code, 0) << command;
  }
}

/// What issues, repositories and agents say is in the sample with escapes; no command may pass them
/// on.
TEST(CliState, Invariant11_NoCommandPrintsAnEscapeThatWasSaid) {
  Playground playground;
  fill_state(playground);
  std::vector<std::string> commands = kReading;
  commands.push_back("logs r01kh5vq8d");
  for (const std::string& command : commands) {
    std::vector<std::string> words = split_words(command);
    for (const bool terminal : {false, true}) {
      const Answer answer = terminal ? playground.run_on_terminal(words) : playground.run(words);
      EXPECT_EQ(answer.out.find("\x1b[31mred"), std::string::npos) << command;
      EXPECT_EQ(answer.out.find("\xe2\x80\xae"), std::string::npos) << command << ": bidi override";
    }
  }
}

TEST(CliState, RawLogsAreByteForByte) {
  Playground playground;
  fill_state(playground);
  const Answer answer = playground.run({"logs", "--raw", kLandedRun});
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(answer.out, std::string("first line\nsecond ") + kHostile + "\nno newline");
}

TEST(CliState, DamagedStateIsSaidAndLeftAlone) {
  Playground playground;
  fill_state(playground);
  const std::string path = playground.folder() + "/manifests/state/state.db";
  write_file(path,
             "this is not a database at all, but long enough to look like a file of somebody");
  const Answer answer = playground.run({"runs"});
  EXPECT_EQ(answer.exit_code, 4) << answer.error;
  EXPECT_NE(answer.error.find("error: "), std::string::npos);
  EXPECT_NE(answer.error.find("  while reading the state"), std::string::npos) << answer.error;
}

TEST(CliState, LostOutputIsAnError) {
  Playground playground;
  // The shell is only here to put a full device in the place of standard output.
  const std::string command =
      std::string("\"") + std::getenv("RUNNER_BINARY") + "\" version > /dev/full 2>/dev/null";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 75);
}

}  // namespace
}  // namespace test_support

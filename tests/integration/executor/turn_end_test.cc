#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "tests/integration/executor/turn_fixture.h"
#include "tests/support/signals.h"

namespace executor_tests {
namespace {

namespace fs = std::filesystem;
using jobs::TurnEnd;
using State = jobs::TurnFacts::State;

INSTANTIATE_TEST_SUITE_P(All, TurnInEveryContainment,
                         testing::Values(jobs::Containment::sandbox,
                                         jobs::Containment::pid_namespace,
                                         jobs::Containment::cgroup, jobs::Containment::group),
                         [](const auto& tested) {
                           return std::string(jobs::to_string(tested.param));
                         });

TEST_P(TurnInEveryContainment, SucceedsWithItsOutput) {
  const auto facts = run(spec({"print", "hello", "print", "world"}));
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_EQ(facts.exit->exit_code, 0);
  EXPECT_TRUE(facts.exit->at);
  EXPECT_TRUE(facts.started_at);
  EXPECT_TRUE(facts.last_output_at);
  EXPECT_EQ(facts.output_bytes, 12);
  EXPECT_EQ(facts.output_tail, "hello\nworld\n");
  EXPECT_FALSE(facts.usage);
  if (containment_ == jobs::Containment::group) {
    EXPECT_EQ(facts.containment, "group");
  }
}

TEST_P(TurnInEveryContainment, KeepsTheExitCode) {
  const auto facts = run(spec({"exit", "7"}));
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_EQ(facts.exit->exit_code, 7);
}

TEST_P(TurnInEveryContainment, PrintsNothing) {
  const auto facts = run(spec({}));
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_EQ(facts.output_bytes, 0);
  EXPECT_FALSE(facts.last_output_at);
}

TEST_P(TurnInEveryContainment, LeavesNoSpecialFilesAndSaysWhatItFound) {
  std::ofstream(worktree_ / ".mcp.json") << "{}";
  auto wanted = spec({});
  wanted.prompt = "do it";
  wanted.argv = {"sh", "-c", "mkfifo pipe; : > run; chmod 4755 run"};
  EXPECT_EQ(run(wanted).exit->end, TurnEnd::exited);
  EXPECT_FALSE(fs::exists(fs::symlink_status(worktree_ / "pipe")));
  EXPECT_EQ(fs::status(worktree_ / "run").permissions() & fs::perms::set_uid, fs::perms::none);
  const std::string events = read(directory() + "/events.ndjson");
  EXPECT_NE(events.find("removed 1 special files, took set-uid and set-gid from 1"),
            std::string::npos)
      << events;
  EXPECT_NE(events.find("the repository brings settings for agents: .mcp.json"), std::string::npos)
      << events;
}

TEST_P(TurnInEveryContainment, MissingProgramIsNotStarted) {
  auto wanted = spec({});
  wanted.argv = {"no-such-agent"};
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::not_started);
  EXPECT_NE(facts.exit->detail.find("program not found: no-such-agent"), std::string::npos);
}

TEST_P(TurnInEveryContainment, UnexecutableProgramIsNotStarted) {
  auto wanted = spec({});
  wanted.argv = {(folder_ / "agent").string()};
  std::ofstream(folder_ / "agent") << "#!/bin/sh\n";
  EXPECT_EQ(run(wanted).exit->end, TurnEnd::not_started);

  // Executable, but nothing that can be executed: only exec itself finds out.
  auto broken = spec({}, 2);
  broken.argv = {(folder_ / "broken").string()};
  std::ofstream(folder_ / "broken") << "#!/no/such/interpreter\n";
  fs::permissions(folder_ / "broken", fs::perms::owner_all);
  const auto facts = run(broken);
  EXPECT_EQ(facts.exit->end, TurnEnd::not_started);
  EXPECT_NE(facts.exit->detail.find("cannot start"), std::string::npos) << facts.exit->detail;
}

TEST_P(TurnInEveryContainment, WorktreeGoneIsNotStarted) {
  fs::remove(worktree_);
  const auto facts = run(spec({"print", "hello"}));
  EXPECT_EQ(facts.exit->end, TurnEnd::not_started);
  EXPECT_NE(facts.exit->detail.find(worktree_.string()), std::string::npos);
  EXPECT_EQ(logged("started"), 0);
}

TEST_P(TurnInEveryContainment, Invariant6_HangEndsAtTheDeadline) {
  auto wanted = spec({"print", "hello", "hang"});
  wanted.deadline = std::chrono::milliseconds(300);
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::deadline);
  EXPECT_EQ(facts.exit->signal, SIGTERM);
  EXPECT_TRUE(processes().empty());
}

TEST_P(TurnInEveryContainment, Invariant6_IgnoredTermIsKilledAfterTheGrace) {
  auto wanted = spec({"ignore-term", "daemon", "60000", "print", "hello", "hang"});
  wanted.deadline = std::chrono::milliseconds(300);
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::deadline);
  EXPECT_EQ(facts.exit->signal, SIGKILL);
  EXPECT_EQ(logged("daemon"), 1);
  EXPECT_TRUE(processes().empty());
}

TEST_P(TurnInEveryContainment, SilenceEndsIt) {
  auto wanted = spec({"print", "hello", "hang"});
  wanted.silence = std::chrono::milliseconds(400);
  wanted.first_byte = std::chrono::seconds(50);
  EXPECT_EQ(run(wanted).exit->end, TurnEnd::silent);
}

TEST_P(TurnInEveryContainment, NothingAtAllEndsIt) {
  auto wanted = spec({"hang"});
  wanted.first_byte = std::chrono::milliseconds(300);
  wanted.silence = std::chrono::seconds(50);
  EXPECT_EQ(run(wanted).exit->end, TurnEnd::first_byte);
}

TEST_P(TurnInEveryContainment, HundredMegabytesOfOutputAreCutAndCounted) {
  auto wanted = spec({"flood", "104857600", "exit", "3"});
  wanted.output_bytes = 64 << 10;
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_EQ(facts.exit->exit_code, 3);
  EXPECT_EQ(facts.output_bytes, 104'857'600);
  EXPECT_EQ(fs::file_size(directory() + "/output.log"), 64U << 10);
  const std::string events = read(directory() + "/events.ndjson");
  const auto first = events.find("output-truncated");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(events.find("output-truncated", first + 1), std::string::npos);
}

TEST_P(TurnInEveryContainment, EndlessOutputMeetsItsDeadline) {
  auto wanted = spec({"endless"});
  wanted.deadline = std::chrono::milliseconds(500);
  EXPECT_EQ(run(wanted).exit->end, TurnEnd::deadline);
  EXPECT_LE(fs::file_size(directory() + "/output.log"), 1U << 20);
  EXPECT_TRUE(processes().empty());
}

TEST_P(TurnInEveryContainment, BinaryOutputIsKeptAsItIs) {
  const auto facts = run(spec({"binary"}));
  EXPECT_EQ(facts.output_bytes, 1024);
  const std::string output = read(directory() + "/output.log");
  ASSERT_EQ(output.size(), 1024U);
  EXPECT_EQ(output[0], '\0');
  EXPECT_EQ(output[255], '\xff');
}

TEST_P(TurnInEveryContainment, DeathBySignalIsSaid) {
  const auto facts = run(spec({"signal", "11"}));
  EXPECT_EQ(facts.exit->end, TurnEnd::signalled);
  EXPECT_EQ(facts.exit->signal, SIGSEGV);
  EXPECT_EQ(facts.exit->detail, "killed by SIGSEGV");
}

TEST_P(TurnInEveryContainment, Invariant6_WhatLeftTheGroupIsGoneAfterTheEnd) {
  // The daemon has a session of its own, ignores TERM and keeps the output open.
  const auto facts = run(spec({"daemon", "60000", "print", "bye"}));
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_EQ(facts.output_tail, "bye\n");
  EXPECT_TRUE(processes().empty());
}

TEST_P(TurnInEveryContainment, Invariant6_WhatHidesItsEnvironmentIsGoneToo) {
  // Without the marker only kinship tells whose it is.
  const std::string seconds = "86" + std::to_string(::getpid());
  auto wanted = spec({});
  wanted.argv = {"sh", "-c", "env -i setsid sleep " + seconds + " & sleep 0.2; echo bye"};
  EXPECT_EQ(run(wanted).output_tail, "bye\n");
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    EXPECT_EQ(read(entry.path() / "cmdline").find(seconds), std::string::npos) << entry.path();
  }
}

TEST_P(TurnInEveryContainment, StopEndsItAndSaysWhy) {
  ASSERT_TRUE(executor_->start(spec({"print", "hello", "hang"}), {}));
  ASSERT_TRUE(wait_until([&] { return logged("started") == 1; }));
  ASSERT_TRUE(executor_->stop(directory(), "the issue was closed\x1b[31m"));
  ASSERT_TRUE(executor_->stop(directory(), "again"));
  const auto facts = wait_for_end();
  EXPECT_EQ(facts.exit->end, TurnEnd::stopped);
  EXPECT_EQ(facts.exit->detail, "stopped: the issue was closed\\x1b[31m");
  EXPECT_TRUE(processes().empty());
}

TEST_P(TurnInEveryContainment, TermToTheSupervisorEndsTheTurn) {
  ASSERT_TRUE(executor_->start(spec({"print", "hello", "hang"}), {}));
  ASSERT_TRUE(wait_until([&] { return logged("started") == 1; }));
  ASSERT_EQ(test_support::send_signal(supervisor_pid(), SIGTERM), 0);
  EXPECT_EQ(wait_for_end().exit->end, TurnEnd::stopped);
  EXPECT_TRUE(processes().empty());
}

TEST_P(TurnInEveryContainment, Invariant6_KilledSupervisorLeavesNothingAfterReap) {
  ASSERT_TRUE(executor_->start(spec({"daemon", "60000", "print", "hello", "hang"}), {}));
  ASSERT_TRUE(wait_until([&] { return logged("daemon") == 1; }));
  ASSERT_EQ(executor_->observe(directory())->state, State::running);
  ASSERT_EQ(*executor_->reap(directory()), 0) << "a live turn is not reaped";
  const bool dies_with_it = executor_->observe(directory())->containment != "group";
  ASSERT_EQ(test_support::send_signal(supervisor_pid(), SIGKILL), 0);

  const auto facts = wait_for_end();
  EXPECT_EQ(facts.exit->end, TurnEnd::lost);
  if (dies_with_it) {
    EXPECT_TRUE(wait_until([&] { return processes().empty(); }));
  } else {
    EXPECT_GE(*executor_->reap(directory()), 1);
    EXPECT_TRUE(wait_until([&] { return processes().empty(); }));
  }
  // Of what the sandbox itself consists of, the last may still be dying.
  EXPECT_TRUE(wait_until([&] { return *executor_->reap(directory()) == 0; }));
  EXPECT_EQ(wait_for_end().exit->end, TurnEnd::lost);
  // Lost is lost: whoever comes later does not run it a second time.
  ASSERT_TRUE(executor_->start(spec({"daemon", "60000", "print", "hello", "hang"}), {}));
  EXPECT_EQ(logged("started"), 1);
}

TEST_P(TurnInEveryContainment, Invariant6_WhatShedItsEnvironmentIsReapedAfterAKilledSupervisor) {
  ASSERT_TRUE(executor_->start(spec({"leak", "unmarked", "print", "hello", "hang"}), {}));
  ASSERT_TRUE(wait_until([&] { return logged("leaked") == 1; }));
  ASSERT_EQ(test_support::send_signal(supervisor_pid(), SIGKILL), 0);
  ASSERT_EQ(wait_for_end().exit->end, TurnEnd::lost);
  ASSERT_TRUE(executor_->reap(directory()));
  // Known by the log that each process of the agent maps.
  const auto lives = [&] {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error)) {
      if (entry.path() != "/proc/" + std::to_string(::getpid()) &&
          read(entry.path() / "maps").find(folder_.string() + "/agent.log") != std::string::npos) {
        return true;
      }
    }
    return false;
  };
  EXPECT_TRUE(wait_until([&] { return !lives(); }));
}

TEST_P(TurnInEveryContainment, Invariant6_WhatForksEndlesslyIsReapedAfterAKilledSupervisor) {
  ASSERT_TRUE(executor_->start(spec({"leak", "rabbit", "print", "hello", "hang"}), {}));
  ASSERT_TRUE(wait_until([&] { return logged("leaked") == 1; }));
  ASSERT_EQ(test_support::send_signal(supervisor_pid(), SIGKILL), 0);
  ASSERT_EQ(wait_for_end().exit->end, TurnEnd::lost);
  ASSERT_TRUE(executor_->reap(directory()));
  const auto count = [&] {
    std::string counts;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (entry.path().filename().string().starts_with("agent.log.rabbit.")) {
        counts += read(entry.path());
      }
    }
    return counts;
  };
  ASSERT_FALSE(count().empty());
  EXPECT_TRUE(wait_until([&] {
    const std::string before = count();
    ::usleep(100'000);
    return count() == before;
  }));
}

TEST_P(TurnInEveryContainment, Invariant6_AStoppedSupervisorIsMadeToGoOn) {
  ASSERT_TRUE(executor_->start(spec({"print", "hello", "hang"}), {}));
  ASSERT_TRUE(wait_until([&] { return logged("started") == 1; }));
  ASSERT_EQ(test_support::send_signal(supervisor_pid(), SIGSTOP), 0);
  ASSERT_TRUE(executor_->stop(directory(), "past its deadline"));
  EXPECT_EQ(wait_for_end().exit->end, TurnEnd::stopped);
  EXPECT_TRUE(processes().empty());
}

}  // namespace
}  // namespace executor_tests

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "runner/process/container.h"
#include "tests/integration/executor/turn_fixture.h"

namespace executor_tests {
namespace {

namespace fs = std::filesystem;
using jobs::TurnEnd;
using State = jobs::TurnFacts::State;

class TurnInside : public TurnFixture {
 protected:
  void need_namespaces() {
    if (const std::string why = why_not(jobs::Containment::pid_namespace); !why.empty()) {
      GTEST_SKIP() << why;
    }
  }
  /// In a container or a chroot the namespace may come without its own mounts; the turn says so.
  [[nodiscard]] bool came_without(const std::string& what) const {
    std::istringstream events(read(directory() + "/events.ndjson"));
    for (std::string line; std::getline(events, line);) {
      if (line.find("\"containment\"") != std::string::npos &&
          (line.find(what) != std::string::npos ||
           line.find("mounts of its own") != std::string::npos)) {
        return true;
      }
    }
    return false;
  }
};

TEST_F(TurnInside, StartsCleanWithExactlyItsEnvironment) {
  const int leaked = ::dup(STDIN_FILENO);  // as a careless library would leave it
  environment_ = {{"PASSED", "yes"}, {"NOT_PASSED", "no"}, {"HOME", "/home/operator"}};
  auto wanted = spec({"describe"});
  wanted.env["PLAIN"] = "value";
  wanted.env["RUNNER_TURN_DIR"] = "/elsewhere";
  wanted.pass_env = {"PASSED", "UNSET"};
  (void)run(wanted);
  ::close(leaked);
  const std::string output = read(directory() + "/output.log");
  EXPECT_NE(output.find("descriptors:\nblocked: 0\nstdin: 0\nsession leader: true\n"),
            std::string::npos)
      << output;
  EXPECT_NE(output.find("env PASSED=yes\n"), std::string::npos);
  EXPECT_NE(output.find("env PLAIN=value\n"), std::string::npos);
  EXPECT_NE(output.find("env HOME=" + directory() + "/agent/home\n"), std::string::npos);
  EXPECT_NE(output.find("env TMPDIR=" + directory() + "/agent/tmp\n"), std::string::npos);
  EXPECT_NE(output.find("env RUNNER_TURN_DIR=" + directory() + "/agent\n"), std::string::npos);
  EXPECT_NE(output.find("env RUNNER_RUN=r1\n"), std::string::npos);
  EXPECT_NE(output.find("env RUNNER_TURN=r1/1\n"), std::string::npos);
  std::size_t variables = 0;
  for (auto at = output.find("env "); at != std::string::npos; at = output.find("\nenv ", at + 1)) {
    ++variables;
  }
  // PASSED, PLAIN, FAKE_AGENT_LOG, PATH, LANG, HOME, TMPDIR and three RUNNER_ names.
  EXPECT_EQ(variables, 10U) << output;
}

TEST_F(TurnInside, Invariant12_SecretsAppearNowhere) {
  const std::string secret = "s3cr3t\"value-of-the-token";
  environment_ = {{"AGENT_TOKEN", secret}, {"WEBHOOK", "another/secret+value"}};
  auto wanted = spec({"print-env", "AGENT_TOKEN", "print-raw", secret.substr(0, 9), "sleep", "60",
                      "print-raw", secret.substr(9), "print", " split", "note", secret, "describe",
                      "print", "another/secret+value", "blocked", "no: " + secret});
  wanted.argv.erase(wanted.argv.begin() + 1, wanted.argv.end());
  // The script keeps the secret out of the argv, which is not a place for secrets.
  std::ofstream script(folder_ / "script");
  script << "print-env AGENT_TOKEN\nprint-raw " << secret.substr(0, 9) << "\nsleep 60\nprint-raw "
         << secret.substr(9) << "\nprint  split\nnote " << secret
         << "\ndescribe\nprint another/secret+value\nblocked no: " << secret << "\n";
  script.close();
  wanted.argv.push_back("@" + (folder_ / "script").string());
  wanted.pass_env = {"AGENT_TOKEN"};
  wanted.redact_env = {"WEBHOOK"};
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_NE(read(directory() + "/output.log").find("[redacted]\n[redacted] split\n"),
            std::string::npos);
  EXPECT_EQ(facts.blocked, "no: [redacted]");
  EXPECT_EQ(facts.notes, std::vector<std::string>{"[redacted]"});
  EXPECT_EQ(read(directory() + "/output.log").find("WEBHOOK"), std::string::npos)
      << "what is only to be redacted is not passed";
  for (const auto& entry : fs::directory_iterator(directory())) {
    if (entry.is_regular_file()) {
      const std::string content = read(entry.path());
      EXPECT_EQ(content.find("value-of-the-token"), std::string::npos) << entry.path();
      EXPECT_EQ(content.find("secret+value"), std::string::npos) << entry.path();
    }
  }
}

TEST_F(TurnInside, ReportsArriveCheckedAndInOrder) {
  const auto facts = run(spec({"phase", "tests-red", "phase", "nonsense", "note", "half way",
                               "phase", "green", "blocked", "needs a decision"}));
  EXPECT_EQ(facts.phases, (std::vector<std::string>{"tests-red", "green"}));
  EXPECT_EQ(facts.notes, std::vector<std::string>{"half way"});
  EXPECT_EQ(facts.blocked, "needs a decision");
}

TEST_F(TurnInside, LastValidUsageIsKept) {
  auto wanted = spec({"usage", R"({"usd": "0.12", "tokens": 1200})", "print", "one", "sleep", "500",
                      "usage", R"({"usd": -1, "tokens": 5})"});
  wanted.usage_file = "usage.json";
  const auto facts = run(wanted);
  ASSERT_TRUE(facts.usage);
  EXPECT_EQ(facts.usage->usd.micros, 120'000);
  EXPECT_EQ(facts.usage->tokens, 1200);
  EXPECT_EQ(facts.usage->turns, 1);
}

TEST_F(TurnInside, Invariant5_UsageAtTheReservationEndsTheTurn) {
  auto wanted = spec({"spend", "100000"});
  wanted.usage_file = "usage.json";
  wanted.reserved.tokens = 20;
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::over_budget);
  ASSERT_TRUE(facts.usage);
  EXPECT_GE(facts.usage->tokens, 20);
  EXPECT_TRUE(processes().empty());
}

TEST_F(TurnInside, MemoryLimitHolds) {
  auto wanted = spec({"memory", "1073741824"});
  EXPECT_EQ(run(wanted).output_tail, "got memory\n");
  auto limited = spec({"memory", "1073741824"}, 2);
  limited.memory_bytes = 256 << 20;
  EXPECT_EQ(run(limited).output_tail, "no memory\n");
}

TEST_F(TurnInside, AgentCannotForgeItsEnd) {
  need_namespaces();
  if (IsSkipped()) {
    return;
  }
  const auto facts = run(spec({"forge", "exit", "5"}));
  if (came_without("a read-only turn directory")) {
    GTEST_SKIP() << "this host allows no mounts: the turn says that it lacks them";
  }
  EXPECT_EQ(facts.output_tail, "refused\n");
  EXPECT_EQ(facts.exit->exit_code, 5);
}

TEST_F(TurnInside, SeesNoProcessFromOutside) {
  need_namespaces();
  if (IsSkipped()) {
    return;
  }
  auto wanted = spec({});
  wanted.argv = {"sh", "-c", "for p in /proc/[0-9]*; do echo ${p#/proc/}; done"};
  const auto facts = run(wanted);
  if (came_without("a /proc of its own")) {
    GTEST_SKIP() << "this host allows no mounts: the turn says that it lacks them";
  }
  for (const char digit : facts.output_tail) {
    EXPECT_TRUE(digit == '\n' || (digit >= '1' && digit <= '9'))
        << "only init, the shell and its like";
  }
}

/// Runs `check` where the kernel refuses PID namespaces: in a user namespace whose limit of them is
/// zero.
int without_pid_namespaces(const std::function<bool()>& check) {
  const std::string uid = std::to_string(::geteuid());
  const std::string gid = std::to_string(::getegid());
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER) != 0) {
      ::_exit(77);
    }
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << uid << " " << uid << " 1";
    std::ofstream("/proc/self/gid_map") << gid << " " << gid << " 1";
    std::ofstream limit("/proc/sys/user/max_pid_namespaces");
    limit << "0";
    limit.close();
    if (runner::process::strongest_containment() == "pid-namespace") {
      ::_exit(77);
    }
    ::_exit(check() ? 0 : 1);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(TurnInside, StrongContainmentIsNeverReplacedByAWeakerOne) {
  const int result = without_pid_namespaces([&] {
    auto demanded = spec({"print", "hello"});
    demanded.containment = jobs::Containment::pid_namespace;
    const auto refused = run(demanded);
    auto strong = spec({"print", "hello"}, 2);
    strong.containment = jobs::Containment::strong;
    const auto other = run(strong);
    const auto any = run(spec({"print", "hello"}, 3));
    const bool strong_held = other.exit->end == TurnEnd::not_started;
    return refused.exit->end == TurnEnd::not_started &&
           refused.exit->detail.find("PID namespace") != std::string::npos && strong_held &&
           any.exit->end == TurnEnd::exited && any.containment != "pid-namespace";
  });
  if (result == 77) {
    GTEST_SKIP() << "no user namespace in which PID namespaces could be forbidden";
  }
  EXPECT_EQ(result, 0);
}

TEST_F(TurnInside, PromptStandsWhereTheAgentLooks) {
  auto wanted = spec({});
  wanted.argv = {"sh", "-c", "cat \"$RUNNER_TURN_DIR/prompt.md\""};
  wanted.prompt = "do the thing\n";
  EXPECT_EQ(run(wanted).output_tail, "do the thing\n");
  EXPECT_EQ(read(directory() + "/prompt.md"), "do the thing\n");
}

TEST_F(TurnInside, ReusedPidIsNotTrusted) {
  ASSERT_TRUE(executor_->start(spec({"hang"}), {}));
  ASSERT_EQ(executor_->observe(directory())->state, State::running);
  const std::string real = read(directory() + "/supervisor.json");
  const auto at = real.find("\"start_time\":");
  ASSERT_NE(at, std::string::npos);
  std::ofstream(directory() + "/supervisor.json")
      << real.substr(0, at + 13) << "1" << real.substr(at + 13);
  EXPECT_EQ(executor_->observe(directory())->exit->end, TurnEnd::lost);
  // Garbage counts as no supervisor that could be trusted, too.
  std::ofstream(directory() + "/supervisor.json") << "{\"pid\":";
  EXPECT_EQ(executor_->observe(directory())->exit->end, TurnEnd::lost);
  std::ofstream(directory() + "/supervisor.json") << real;
  EXPECT_EQ(executor_->observe(directory())->state, State::running);
  ASSERT_TRUE(executor_->stop(directory(), "enough"));
  (void)wait_for_end();
}

TEST_F(TurnInside, FullDiskStillGetsAnExit) {
  fs::create_directories(root_);
  if (::mount("none", root_.c_str(), "tmpfs", 0, "size=512k") != 0) {
    GTEST_SKIP() << "only root can make a small disk";
  }
  auto wanted = spec({"flood", "2097152", "exit", "4"});
  wanted.output_bytes = 8 << 20;
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_EQ(facts.exit->exit_code, 4);
  EXPECT_EQ(facts.output_bytes, 2'097'152);

  // No room for the request either: it is asked by signal.
  ASSERT_TRUE(executor_->remove(directory()));
  auto hanging = spec({"flood", "2097152", "hang"}, 2);
  hanging.output_bytes = 8 << 20;
  ASSERT_TRUE(executor_->start(hanging, {}));
  ASSERT_TRUE(
      wait_until([&] { return executor_->observe(directory(2))->output_bytes == 2'097'152; }));
  ASSERT_TRUE(executor_->stop(directory(2), "enough"));
  const auto stopped = wait_for_end(2);
  EXPECT_EQ(stopped.exit->end, TurnEnd::stopped);
  EXPECT_EQ(stopped.exit->detail, "stopped: the supervisor got SIGTERM");
  ::umount2(root_.c_str(), MNT_DETACH);
}

TEST_F(TurnInside, CommitsAreTheAgentsOwn) {
  auto wanted = spec({});
  wanted.argv = {"git", "init", "-q", "."};
  EXPECT_EQ(run(wanted).exit->exit_code, 0);
  EXPECT_EQ(run(spec({"commits", "2"}, 2)).exit->exit_code, 0);
  auto count = spec({}, 3);
  count.argv = {"git", "rev-list", "--count", "HEAD"};
  EXPECT_EQ(run(count).output_tail, "2\n");
}

}  // namespace
}  // namespace executor_tests

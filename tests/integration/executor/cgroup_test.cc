// What a control group of a turn's own holds, also after the supervisor was killed.
#include "runner/process/cgroup.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/integration/executor/turn_fixture.h"
#include "tests/support/signals.h"

namespace executor_tests {
namespace {

namespace fs = std::filesystem;
using jobs::Containment;
using runner::process::Cgroup;

class TurnInCgroup : public TurnFixture {
 protected:
  TurnInCgroup() { containment_ = Containment::cgroup; }
  void SetUp() override {
    if (const std::string why = why_not(Containment::cgroup); !why.empty()) {
      GTEST_SKIP() << why;
    }
  }
};

TEST_F(TurnInCgroup, IsSaidAndGoneAfterwards) {
  const auto facts = run(spec({"print", "hello", "leak", "session", "print", "bye"}));
  EXPECT_EQ(facts.containment, "cgroup");
  const std::string path = read(directory() + "/cgroup");
  EXPECT_TRUE(
      path.ends_with(runner::process::cgroup_name("RUNNER_TURN_DIR=" + directory() + "/agent")))
      << path;
  EXPECT_TRUE(wait_until([&] { return !fs::exists(path); }));
  EXPECT_TRUE(processes().empty());
}

TEST_F(TurnInCgroup, Invariant6_AKilledSupervisorLeavesNothing) {
  ASSERT_TRUE(executor_->start(spec({"leak", "session", "leak", "double-fork", "hang"}), {}));
  ASSERT_TRUE(wait_until([&] { return logged("leaked") >= 2; }));
  ASSERT_FALSE(processes().empty());
  test_support::send_signal(supervisor_pid(), SIGKILL);
  EXPECT_TRUE(wait_until([&] { return processes().empty(); })) << "without any tick";
}

TEST_F(TurnInCgroup, WhatALaterTickReadsIsBelievedOnlyForThisTurn) {
  const auto other = Cgroup::make("runner-other-" + std::to_string(::getpid()));
  ASSERT_TRUE(other) << other.error().text();
  EXPECT_FALSE(Cgroup::open(other->path(), "runner-this")) << "another name";
  EXPECT_FALSE(Cgroup::open(other->path() + "/../" + "runner-this", "runner-this"));
  EXPECT_TRUE(Cgroup::open(other->path(), other->path().substr(other->path().rfind('/') + 1)));
  // Where only files lie everything can be written, and nothing is held.
  const fs::path false_group = folder_ / "runner-this";
  fs::create_directory(false_group);
  for (const char* file : {"cgroup.procs", "cgroup.kill", "cgroup.events"}) {
    std::ofstream(false_group / file) << "\n";
  }
  EXPECT_FALSE(Cgroup::open(false_group.string(), "runner-this"));
}

}  // namespace
}  // namespace executor_tests

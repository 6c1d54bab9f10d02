#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include "runner/process/cgroup.h"
#include "runner/process/container.h"
#include "runner/process/sandbox_init.h"
#include "runner/process/supervisor.h"
#include "tests/integration/executor/turn_fixture.h"
#include "tests/support/signals.h"

namespace executor_tests {

namespace fs = std::filesystem;
using State = jobs::TurnFacts::State;

TurnFixture::TurnFixture() {
  std::string name = (fs::temp_directory_path() / "executor.XXXXXX").string();
  folder_ = ::mkdtemp(name.data());
  worktree_ = folder_ / "worktree";
  root_ = (folder_ / "turns").string();
  fs::create_directory(worktree_);
  std::ofstream(folder_ / "agent.log").flush();
  executor_ = make_executor();
}

TurnFixture::~TurnFixture() {
  for (const int pid : processes()) {
    test_support::send_signal(pid, SIGKILL);
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::unique_ptr<TurnFixture::Executor> TurnFixture::make_executor(const std::string& program,
                                                                  jobs::Duration takeover) {
  return runner::executors::make_process_executor(
      {.root = root_,
       .program = program,
       .environment = [this](const std::string& variable) -> std::optional<std::string> {
         if (variable == "RUNNER_BUBBLEWRAP" && !bubblewrap_) {
           return "/nonexistent";
         }
         const auto found = environment_.find(variable);
         return found == environment_.end() ? std::nullopt : std::optional(found->second);
       },
       .clock = &clock_,
       .takeover_deadline = takeover});
}

jobs::TurnSpec TurnFixture::spec(std::vector<std::string> steps, int number) const {
  jobs::TurnSpec result;
  result.run = jobs::RunId("r1");
  result.issue = {jobs::RepoName("acme/shop"), 12};
  result.number = number;
  result.directory = directory(number);
  result.cwd = worktree_.string();
  result.argv = std::move(steps);
  result.argv.insert(result.argv.begin(), std::string(RUNNER_TEST_PROGRAMS) + "/fake_agent");
  result.env["FAKE_AGENT_LOG"] = (folder_ / "agent.log").string();
  result.deadline = std::chrono::seconds(60);
  result.grace = std::chrono::milliseconds(200);
  result.output_bytes = 1 << 20;
  result.containment = containment_;
  result.writable = {(folder_ / "agent.log").string()};
  return result;
}

std::string TurnFixture::directory(int number) const {
  return fmt::format("{}/r1/{}", root_, number);
}

bool TurnFixture::wait_until(const std::function<bool()>& condition) {
  for (int round = 0; round < 6000; ++round) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

jobs::TurnFacts TurnFixture::wait_for_end(int number) {
  jobs::TurnFacts facts;
  const bool ended = wait_until([&] {
    auto seen = executor_->observe(directory(number));
    facts = seen ? *seen : jobs::TurnFacts{};
    return facts.state == State::ended;
  });
  EXPECT_TRUE(ended) << "the turn did not end";
  if (!facts.exit) {
    facts.exit = jobs::TurnExit{};
  }
  return facts;
}

jobs::TurnFacts TurnFixture::run(const jobs::TurnSpec& spec) {
  const auto started = executor_->start(spec, {});
  EXPECT_TRUE(started) << started.error().text();
  return wait_for_end(spec.number);
}

std::string TurnFixture::why_not(jobs::Containment containment) {
  const std::string best = runner::process::strongest_containment();
  if (containment == jobs::Containment::sandbox && best != "sandbox") {
    return "bubblewrap is not installed, or the kernel does not let it work here";
  }
  if (containment == jobs::Containment::pid_namespace && (best == "group" || best == "cgroup")) {
    return "this kernel allows no PID namespaces";
  }
  if (containment == jobs::Containment::cgroup) {
    const auto made = runner::process::Cgroup::make("runner-test-" + std::to_string(::getpid()));
    return made ? "" : made.error().text();
  }
  return {};
}

std::vector<int> TurnFixture::processes() const {
  std::vector<int> result;
  const std::string needle = "RUNNER_TURN_DIR=" + root_ + "/";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    if (read(entry.path() / "environ").find(needle) != std::string::npos) {
      result.push_back(std::stoi(name));
    }
  }
  return result;
}

int TurnFixture::logged(const std::string& word) const {
  std::istringstream lines(read(folder_ / "agent.log"));
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    count += line.starts_with(word + " ") ? 1 : 0;
  }
  return count;
}

std::string TurnFixture::read(const fs::path& path) const {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

int TurnFixture::supervisor_pid(int number) const {
  const std::string text = read(directory(number) + "/supervisor.json");
  const auto at = text.find("\"pid\":");
  return at == std::string::npos ? 0 : std::stoi(text.substr(at + 6));
}

namespace {

class TurnStart : public TurnFixture {};

TEST_F(TurnStart, AbsentBeforeItWasStarted) {
  const auto facts = executor_->observe(directory());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->state, State::absent);
  EXPECT_TRUE(executor_->list()->empty());
}

TEST_F(TurnStart, Invariant2_StartedTwiceRunsOnce) {
  const auto wanted = spec({"print", "hello"});
  EXPECT_EQ(run(wanted).exit->end, jobs::TurnEnd::exited);
  EXPECT_TRUE(executor_->start(wanted, {}));
  EXPECT_TRUE(make_executor()->start(wanted, {}));
  EXPECT_EQ(wait_for_end().exit->end, jobs::TurnEnd::exited);
  EXPECT_EQ(logged("started"), 1);
}

TEST_F(TurnStart, Invariant2_EightProcessesAtOnceStartItOnce) {
  for (int number = 1; number <= 5; ++number) {
    const auto wanted = spec({"sleep", "20"}, number);
    std::vector<pid_t> children;
    for (int child = 0; child < 8; ++child) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::_exit(executor_->start(wanted, {}) ? 0 : 1);
      }
      children.push_back(pid);
    }
    for (const pid_t child : children) {
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(wait_for_end(number).exit->end, jobs::TurnEnd::exited);
    EXPECT_EQ(logged("started"), number);
  }
}

TEST_F(TurnStart, OutlivesWhoStartedItAndIsAdopted) {
  const pid_t tick = ::fork();
  if (tick == 0) {
    ::_exit(executor_->start(spec({"print", "hello", "hang"}), {}) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(tick, &status, 0), tick);
  ASSERT_EQ(status, 0);

  const auto later = make_executor();
  ASSERT_TRUE(wait_until([&] { return later->observe(directory())->output_bytes > 0; }));
  const auto living = *later->observe(directory());
  EXPECT_EQ(living.state, State::running);
  ASSERT_TRUE(living.age);
  EXPECT_LT(*living.age, std::chrono::minutes(1));
  EXPECT_EQ(*later->list(), std::vector<std::string>{directory()});
  ASSERT_TRUE(later->stop(directory(), "enough"));
  const auto ended = wait_for_end();
  EXPECT_EQ(ended.exit->end, jobs::TurnEnd::stopped);
  EXPECT_FALSE(ended.age);
}

TEST_F(TurnStart, HoldsNoDescriptorOfWhoStartedIt) {
  // A supervisor that kept the tick's stdout would keep whoever reads it waiting for the whole
  // turn.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_TRUE(executor_->start(spec({"hang"}), {}));
  ::close(ends[1]);
  pollfd waiting{ends[0], POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 10'000), 1);
  EXPECT_EQ(waiting.revents, POLLHUP);
  ::close(ends[0]);
  EXPECT_EQ(executor_->observe(directory())->state, State::running);
  ASSERT_TRUE(executor_->stop(directory(), "enough"));
  (void)wait_for_end();
}

TEST_F(TurnStart, Invariant2_TickThatDiedBeforeTheSupervisorIsMadeUpFor) {
  // /bin/true takes over nothing: the directory is there, as after a death in the middle of
  // start().
  const auto wanted = spec({"print", "hello"});
  const auto died = make_executor("/bin/true", std::chrono::seconds(0))->start(wanted, {});
  ASSERT_FALSE(died);
  EXPECT_EQ(died.error().kind, jobs::ErrorKind::transient);
  EXPECT_EQ(executor_->observe(directory())->state, State::absent);

  EXPECT_EQ(run(wanted).exit->end, jobs::TurnEnd::exited);
  EXPECT_EQ(logged("started"), 1);
}

TEST_F(TurnStart, StopBeforeTheSupervisorCameStartsNothing) {
  const auto wanted = spec({"print", "hello"});
  ASSERT_FALSE(make_executor("/bin/true", std::chrono::seconds(0))->start(wanted, {}));
  ASSERT_TRUE(executor_->stop(directory(), "cancelled"));
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, jobs::TurnEnd::stopped);
  EXPECT_EQ(facts.exit->detail, "stopped: cancelled");
  EXPECT_EQ(logged("started"), 0);
}

TEST_F(TurnStart, DirectoryOfAnotherTurnIsAConflict) {
  (void)run(spec({"print", "hello"}));
  auto other = spec({"print", "hello"});
  other.issue.number = 13;
  const auto refused = executor_->start(other, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, jobs::ErrorKind::conflict);
  EXPECT_EQ(logged("started"), 1);
}

TEST_F(TurnStart, ForeignFolderIsAConflict) {
  fs::create_directories(directory());
  std::ofstream(directory() + "/spec.json") << "garbage";
  const auto refused = executor_->start(spec({"print", "hello"}), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, jobs::ErrorKind::conflict);
}

TEST_F(TurnStart, Invariant11_OnlyTurnDirectoriesBelowTheRootAreTouched) {
  const auto outside = folder_ / "precious";
  fs::create_directories(outside / "1");
  for (const std::string& path :
       {outside.string(), (outside / "1").string(), root_, root_ + "/../precious/1",
        root_ + "/r1/1/agent", root_ + "/r1/..", root_ + "/r1/01", root_ + "/-r/1",
        std::string("/"), std::string()}) {
    EXPECT_FALSE(executor_->remove(path)) << path;
    EXPECT_FALSE(executor_->stop(path, "x")) << path;
    EXPECT_FALSE(executor_->observe(path)) << path;
  }
  EXPECT_TRUE(fs::exists(outside / "1"));
  auto sly = spec({"print", "hello"});
  sly.run = jobs::RunId("../precious");
  sly.directory.clear();
  EXPECT_FALSE(executor_->start(sly, {}));
}

TEST_F(TurnStart, UnwritableRootIsAnErrorThatNamesIt) {
  std::ofstream(root_) << "a file, not a folder";
  const auto refused = executor_->start(spec({"print", "hello"}), {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text().find(root_), std::string::npos);
}

TEST_F(TurnStart, RemoveRefusesALiveTurnAndTakesAnEndedOne) {
  ASSERT_TRUE(executor_->start(spec({"hang"}), {}));
  const auto refused = executor_->remove(directory());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, jobs::ErrorKind::conflict);
  ASSERT_TRUE(executor_->stop(directory(), "enough"));
  (void)wait_for_end();
  fs::create_directories(directory() + "/agent/locked/in");
  fs::permissions(directory() + "/agent/locked", fs::perms::none);
  // What a tick left that died while it made or removed a directory, long ago and just now.
  fs::create_directory(root_ + "/r1/.1.77.abandoned");
  fs::last_write_time(root_ + "/r1/.1.77.abandoned",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  fs::create_directory(root_ + "/r1/.1.78.busy");
  ASSERT_TRUE(executor_->remove(directory()));
  EXPECT_FALSE(fs::exists(directory()));
  EXPECT_FALSE(fs::exists(root_ + "/r1/.1.77.abandoned"));
  EXPECT_TRUE(fs::exists(root_ + "/r1/.1.78.busy"));
  fs::remove(root_ + "/r1/.1.78.busy");
  EXPECT_TRUE(executor_->remove(directory()));
  EXPECT_FALSE(fs::exists(root_ + "/r1"));
  EXPECT_TRUE(executor_->remove(directory()));
}

}  // namespace
}  // namespace executor_tests

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

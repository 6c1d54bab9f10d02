// Several processes, and processes that die.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner/store/owner.h"
#include "tests/integration/store/faulty_vfs.h"
#include "tests/integration/store/sample_state.h"

namespace store_tests {

namespace {

using jobs::ErrorKind;
using std::chrono::minutes;

/// Runs `body` in a child that ends with its result and never returns into the test.
template <typename F>
pid_t in_child(F body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::_exit(body());
  }
  return pid;
}

/// Exit code, or 1000 + the signal.
int end_of(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(StoreProcesses, Invariant1_OneOfManyProcessesGetsTheLease) {
  for (int round = 0; round < 5; ++round) {
    const Scratch scratch;
    int gate[2];
    ASSERT_EQ(::pipe(gate), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < 6; ++i) {
      children.push_back(in_child([&] {
        ::close(gate[1]);
        char byte = 0;
        static_cast<void>(
            ::read(gate[0], &byte, 1));  // until the parent closes its end: all start at once
        const auto store = runner::store::open_store(options_for(scratch.path()));
        if (!store) {
          return 2;
        }
        const auto lease = (*store)->acquire_lease(fmt::format("process {}", i), at(0), minutes(5));
        return lease ? 0 : lease.error().kind == ErrorKind::conflict ? 1 : 3;
      }));
    }
    ::close(gate[0]);
    ::close(gate[1]);
    int holders = 0;
    int refused = 0;
    for (const pid_t child : children) {
      const int end = end_of(child);
      holders += end == 0 ? 1 : 0;
      refused += end == 1 ? 1 : 0;
    }
    EXPECT_EQ(holders, 1);
    EXPECT_EQ(refused, 5);
  }
}

TEST(StoreProcesses, Invariant3_EachEffectIsClaimedByOneOfManyDrainers) {
  const Scratch scratch;
  {
    auto store = runner::store::open_store(options_for(scratch.path()));
    ASSERT_TRUE(succeeded(store));
    fill(**store);
  }
  auto store = runner::store::open_store(options_for(scratch.path()));
  const auto lease = (*store)->acquire_lease("shared", at(0), minutes(5));
  ASSERT_TRUE(succeeded(lease));
  store->reset();
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    // All of one epoch, as if one tick's threads were processes: still each row once.
    children.push_back(in_child([&] {
      auto own = runner::store::open_store(options_for(scratch.path()));
      int claimed = 0;
      for (std::int64_t id = 1; own && id <= 30; ++id) {
        claimed += (*own)->claim_effect(*lease, id) ? 1 : 0;
      }
      return claimed;
    }));
  }
  int sum = 0;
  for (const pid_t child : children) {
    sum += end_of(child);
  }
  EXPECT_EQ(sum, 30);
}

TEST(StoreProcesses, LeaseOfAKilledProcessIsTakenAtOnce) {
  const Scratch scratch;
  const pid_t child = in_child([&] {
    auto options = options_for(scratch.path());
    const auto store = runner::store::open_store(options);
    const auto lease = (*store)->acquire_lease(runner::store::this_owner(), at(0), minutes(5));
    ::raise(SIGKILL);
    return 0;
  });
  ASSERT_EQ(end_of(child), 1000 + SIGKILL);
  auto options = options_for(scratch.path());
  options.owner_is_dead = {};  // the real one
  const auto store = runner::store::open_store(options);
  ASSERT_TRUE(succeeded(store));
  const auto lease = (*store)->acquire_lease(runner::store::this_owner(), at(1), minutes(5));
  ASSERT_TRUE(succeeded(lease));
  EXPECT_EQ(lease->epoch, 2);
  EXPECT_TRUE(failed_with(ErrorKind::conflict, (*store)->acquire_lease("other", at(1), minutes(5))))
      << "this process lives";
}

TEST(StoreProcesses, StoreIsNotCarriedOverAFork) {
  const Scratch scratch;
  auto store = runner::store::open_store(options_for(scratch.path()));
  ASSERT_TRUE(succeeded(store));
  const auto lease = (*store)->acquire_lease("parent", at(0), minutes(5));
  ASSERT_TRUE(succeeded(lease));
  const pid_t child = in_child([&] {
    const auto read = (*store)->runs({});
    const auto written = (*store)->begin_tick(*lease, tick_row("t1"));
    store->reset();
    return !read && read.error().kind == ErrorKind::bug && !written &&
                   written.error().kind == ErrorKind::bug
               ? 0
               : 1;
  });
  EXPECT_EQ(end_of(child), 0);
  EXPECT_TRUE(succeeded((*store)->begin_tick(*lease, tick_row("t1"))));
}

TEST(StoreProcesses, DescriptorsAreNotInherited) {
  const Scratch scratch;
  auto store = runner::store::open_store(options_for(scratch.path()));
  ASSERT_TRUE(succeeded(store));
  ASSERT_TRUE(succeeded((*store)->runs({})));
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (!gone && target.starts_with(scratch.path())) {
      const int fd = std::stoi(entry.path().filename().string());
      EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0) << target;
    }
  }
}

enum class Death { kill, power_cut };

/// What a scenario of equal steps left behind: every table must tell the same number of steps.
int steps_seen(const std::string& folder) {
  auto store = runner::store::open_store(options_for(folder));
  EXPECT_TRUE(succeeded(store));
  if (!store) {
    return -1;
  }
  const auto run = (*store)->run("r0001");
  const int turns = run ? run->turns : 0;
  const jobs::RunId id("r0001");
  EXPECT_EQ((*store)->events(id)->size(), static_cast<std::size_t>(turns));
  EXPECT_EQ((*store)->turns(id)->size(), static_cast<std::size_t>(turns));
  EXPECT_EQ((*store)->ledger(id)->size(), static_cast<std::size_t>(turns));
  EXPECT_EQ((*store)->outbox(id)->size(), static_cast<std::size_t>(turns));
  EXPECT_EQ((*store)->spend({})->total().usd.micros, turns * 10);
  return turns;
}

constexpr int kSteps = 2;

/// Three commits, reporting each that was said to be durable.
int work_in_steps(const std::string& folder, int report) {
  auto options = options_for(folder);
  options.vfs = FaultyVfs::kName;
  auto store = runner::store::open_store(options);
  if (!store) {
    return 2;
  }
  const auto lease = (*store)->acquire_lease("worker", at(1000), minutes(5));
  if (!lease || !(*store)->begin_tick(*lease, tick_row("t1"))) {
    return 3;
  }
  for (int step = 1; step <= kSteps; ++step) {
    jobs::Run run = sample_run(1);
    run.turns = step;
    run.body = std::string(6000, static_cast<char>('a' + step));
    jobs::Change change;
    change.runs = {run};
    change.turns = {{.run = run.id, .number = step}};
    change.events = {{run.id, at(step), "step", ""}};
    change.ledger = {{.kind = jobs::LedgerKind::reserve,
                      .issue = run.issue,
                      .run = run.id,
                      .turn = step,
                      .amount = {.usd = {10}},
                      .at = at(step)}};
    change.effects = {{.kind = jobs::EffectKind::start_turn,
                       .key = fmt::format("k{}", step),
                       .run = run.id,
                       .issue = run.issue}};
    if (!(*store)->commit(*lease, jobs::TickId("t1"), change)) {
      return 4;
    }
    static_cast<void>(::write(report, "x", 1));
  }
  return 0;
}

/// Dies before the n-th change of a file, for every n until the work is done without dying.
void die_everywhere(Death death) {
  const Scratch prepared;
  ASSERT_TRUE(succeeded(runner::store::open_store(options_for(prepared.path()))));
  const std::string fresh = bytes_of(prepared.path() + "/state.db");
  bool finished = false;
  int deaths = 0;
  for (int n = 1; !finished && n < 500; ++n) {
    const Scratch scratch;
    write_bytes(scratch.path() + "/state.db", fresh);
    int report[2];
    ASSERT_EQ(::pipe(report), 0);
    const pid_t child = in_child([&] {
      FaultyVfs& vfs = FaultyVfs::instance();
      vfs.hook = [&, count = 0](FaultyVfs::Operation) mutable {
        if (++count == n) {
          if (death == Death::power_cut) {
            vfs.lose_power();
          }
          ::raise(SIGKILL);
        }
        return SQLITE_OK;
      };
      return work_in_steps(scratch.path(), report[1]);
    });
    ::close(report[1]);
    const int end = end_of(child);
    char buffer[16];
    const auto said = static_cast<int>(::read(report[0], buffer, sizeof buffer));
    ::close(report[0]);
    ASSERT_TRUE(end == 0 || end == 1000 + SIGKILL) << end;
    finished = end == 0;
    deaths += finished ? 0 : 1;
    const int seen = steps_seen(scratch.path());
    EXPECT_GE(seen, said) << "a step that was reported as durable is gone, death " << n;
    EXPECT_LE(seen, said + 1) << "death " << n;
    ASSERT_FALSE(::testing::Test::HasFailure()) << "death " << n;
  }
  EXPECT_TRUE(finished);
  EXPECT_GT(deaths, 20);
}

TEST(StoreProcesses, Invariant3_KilledAtEveryWriteAStepIsWholeOrAbsent) {
  die_everywhere(Death::kill);
}

TEST(StoreProcesses, Invariant3_PowerCutAtEveryWriteKeepsWhatWasReported) {
  die_everywhere(Death::power_cut);
}

}  // namespace

}  // namespace store_tests

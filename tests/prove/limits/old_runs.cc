#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "runner/store/store.h"
#include "tests/prove/limits/world.h"

namespace prove::limits {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

jobs::LedgerRow money(const jobs::Run& run, const jobs::Turn& turn, jobs::LedgerKind kind) {
  return {.kind = kind,
          .issue = run.issue,
          .run = run.id,
          .turn = turn.number,
          .agent = turn.agent,
          .amount = {jobs::Usd{120'000}, 1200, 1, 60},
          .estimated = false,
          .at = turn.planned_at};
}

void add_run(jobs::Change& change, int number, int body_bytes, jobs::TimePoint at) {
  jobs::Run run;
  run.id = jobs::RunId(fmt::format("r01kh5vq8c{:017}", number));
  run.issue = {jobs::RepoName("acme/shop"), 100'000 + number};
  run.title = "An issue of long ago";
  run.body = std::string(static_cast<std::size_t>(body_bytes), 'b');
  run.text_digest = std::string(64, 'd');
  run.requested_by = "alice";
  run.pipeline = "default";
  run.stage = "implement";
  run.step = jobs::RunStep::ended;
  run.outcome = number % 10 == 0 ? jobs::Outcome::needs_human : jobs::Outcome::landed;
  run.phase = jobs::Phase::done;
  run.branch = fmt::format("runner/{}-an-issue-of-long-ago", number);
  run.base = run.head = run.landed = jobs::Oid(std::string(40, 'b'));
  run.turns = 2;
  run.reason = "every check is green, and this is said in one line of an ordinary length";
  run.created_at = at;
  run.updated_at = at + minutes(10);
  run.ended_at = at + minutes(10);
  run.worktree_released = true;
  for (int turn_number = 1; turn_number <= 2; ++turn_number) {
    jobs::Turn turn;
    turn.run = run.id;
    turn.number = turn_number;
    turn.stage = run.stage;
    turn.state = jobs::TurnState::ended;
    turn.agent = "coder";
    turn.directory = fmt::format("/state/turns/{}/{}", run.id.str(), turn_number);
    turn.exit = jobs::TurnExit{jobs::TurnEnd::exited, 0, 0, "exit code 0", at};
    turn.usage = jobs::Usage{jobs::Usd{120'000}, 1200, 1, 60};
    turn.reserved = *turn.usage;
    turn.planned_at = at;
    turn.started_at = at;
    turn.ended_at = at + minutes(5);
    change.ledger.push_back(money(run, turn, jobs::LedgerKind::reserve));
    change.ledger.push_back(money(run, turn, jobs::LedgerKind::settle));
    change.turns.push_back(std::move(turn));
  }
  change.events.push_back({run.id, at, "claimed", "label set by alice"});
  change.runs.push_back(std::move(run));
}

jobs::Status fill(const std::string& state_dir, int count, int body_bytes) {
  constexpr int kPerStep = 500;
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  RUNNER_ASSIGN(const auto store, runner::store::open_store({.state_dir = state_dir, .now = now}));
  RUNNER_ASSIGN(const jobs::Lease lease, store->acquire_lease("host:1:1:old", now, hours(1)));
  jobs::TickRow tick;
  tick.id = jobs::TickId("t01kh5vq8c00000000000000001");
  tick.started_at = now - hours(48);
  RUNNER_TRY(store->begin_tick(lease, tick));
  for (int number = 0; number < count;) {
    jobs::Change change;
    for (int i = 0; i < kPerStep && number < count; ++i, ++number) {
      add_run(change, number, body_bytes, now - hours(48));
    }
    RUNNER_TRY(store->commit(lease, tick.id, change));
  }
  tick.ended_at = now - hours(47);
  tick.exit_code = 0;
  RUNNER_TRY(store->end_tick(lease, tick));
  return store->release_lease(lease);
}

}  // namespace

bool fill_with_old_runs(const std::string& state_dir, int count, int body_bytes) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 1;
    try {
      const jobs::Status filled = fill(state_dir, count, body_bytes);
      if (!filled) {
        std::fprintf(stderr, "%s\n", filled.error().text().c_str());
      }
      code = filled ? 0 : 1;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    ::_exit(code);
  }
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

}  // namespace prove::limits

#include "tests/support/sample_state.h"

#include <chrono>
#include <string>

namespace test_support {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

jobs::IssueKey issue(const char* repo, jobs::IssueNumber number) {
  return {.repo = jobs::RepoName(repo), .number = number};
}

jobs::Run make_run(const char* id, const jobs::IssueKey& key, const std::string& title,
                   jobs::TimePoint created) {
  jobs::Run run;
  run.id = jobs::RunId(id);
  run.issue = key;
  run.title = title;
  run.requested_by = "alice";
  run.requested_permission = jobs::Permission::write;
  run.author = "carol";
  run.pipeline = "default";
  run.stage = "implement";
  run.step = jobs::RunStep::turning;
  run.branch = "runner/" + std::to_string(key.number) + "-sample";
  run.base = jobs::Oid(std::string(40, 'a'));
  run.turns = 1;
  run.created_at = created;
  run.updated_at = created + minutes(4);
  return run;
}

void end(jobs::Run& run, jobs::Outcome outcome, jobs::TimePoint at) {
  run.outcome = outcome;
  run.stage = "ci";
  run.step = jobs::RunStep::ended;
  run.ended_at = at;
  run.updated_at = at;
}

jobs::Turn make_turn(const jobs::Run& run, const std::string& turns_dir) {
  jobs::Turn turn;
  turn.run = run.id;
  turn.number = 1;
  turn.stage = "implement";
  turn.agent = "coder";
  turn.directory = turns_dir + "/" + run.id.str() + "/1";
  turn.reserved = {jobs::Usd{5'000'000}, 2'000'000, 1, 3600};
  turn.planned_at = run.created_at + seconds(5);
  turn.started_at = run.created_at + seconds(8);
  turn.state = jobs::TurnState::running;
  return turn;
}

void end(jobs::Turn& turn, int code) {
  turn.state = jobs::TurnState::ended;
  turn.ended_at = *turn.started_at + minutes(3);
  turn.exit = jobs::TurnExit{jobs::TurnEnd::exited, code, 0, kHostile, turn.ended_at};
  turn.usage = jobs::Usage{jobs::Usd{120'000}, 1200, 1, 180};
}

/// All money is of this very moment, so that "today" does not depend on the hour of the test.
jobs::LedgerRow ledger(const jobs::Run& run, const jobs::Turn& turn, jobs::LedgerKind kind,
                       jobs::TimePoint now) {
  const bool settle = kind == jobs::LedgerKind::settle;
  return {.kind = kind,
          .issue = run.issue,
          .run = run.id,
          .turn = turn.number,
          .agent = turn.agent,
          .amount = settle ? *turn.usage : turn.reserved,
          .estimated = false,
          .at = now};
}

void claim(jobs::Change& change, const jobs::Run& run, const jobs::Turn& turn,
           jobs::TimePoint now) {
  change.runs.push_back(run);
  change.turns.push_back(turn);
  change.ledger.push_back(ledger(run, turn, jobs::LedgerKind::reserve, now));
  if (turn.usage) {
    change.ledger.push_back(ledger(run, turn, jobs::LedgerKind::settle, now));
  }
  change.events.push_back({run.id, run.created_at, "claimed", "label set by alice"});
  change.events.push_back({run.id, *turn.started_at, "turn-started", "turn 1 (coder)"});
}

jobs::Decision decide(const jobs::IssueKey& key, jobs::Reason reason, const std::string& detail) {
  jobs::Decision decision;
  decision.issue = key;
  decision.title = "Add a health check";
  decision.reason = reason;
  decision.detail = detail;
  const auto gate = [&](jobs::Reason which, const char* good) {
    return jobs::GateValue{which, which != reason, which == reason ? detail : good};
  };
  decision.gates = {gate(jobs::Reason::kill_switch, "off"),
                    gate(jobs::Reason::not_allowlisted, "acme/shop is allowed"),
                    gate(jobs::Reason::repo_busy, "no live run"),
                    gate(jobs::Reason::blocked_by, "nothing")};
  return decision;
}

jobs::Change first_change(jobs::TimePoint start, jobs::TimePoint now,
                          const std::string& turns_dir) {
  jobs::Change change;
  jobs::Run landed = make_run(kLandedRun, issue("acme/shop", 1), "Add a health check", start);
  end(landed, jobs::Outcome::landed, start + minutes(10));
  landed.phase = jobs::Phase::done;
  landed.landed = jobs::Oid(std::string(40, 'b'));
  landed.landings = 1;
  landed.reason = "every check is green";
  jobs::Turn turn = make_turn(landed, turns_dir);
  end(turn, 0);
  claim(change, landed, turn, now);
  change.events.push_back({landed.id, start + minutes(5), "landed", "pushed to main"});

  jobs::Run frozen = make_run(kFrozenRun, issue("acme/lib", 7), kHostile, start + minutes(1));
  end(frozen, jobs::Outcome::frozen, start + minutes(70));
  frozen.failing = {"test"};
  frozen.fix_attempts = 5;
  frozen.reason = std::string("red after 5 attempts ") + kHostile;
  frozen.last_error = kHostile;
  jobs::Turn failed = make_turn(frozen, turns_dir);
  end(failed, 1);
  claim(change, frozen, failed, now);

  jobs::Effect notify;
  notify.kind = jobs::EffectKind::notify;
  notify.key = std::string(kFrozenRun) + "/notify/people";
  notify.run = frozen.id;
  notify.issue = frozen.issue;
  notify.target = "people";
  notify.text = "frozen";
  notify.at = *frozen.ended_at;
  change.effects.push_back(notify);
  change.brakes_set.push_back({.scope = "repo:acme/lib",
                               .reason = std::string("five red landings ") + kHostile,
                               .set_by = "runner",
                               .set_at = start + minutes(70)});
  change.decisions.push_back(decide(issue("acme/shop", 1), jobs::Reason::selected, ""));
  change.decisions.push_back(decide(issue("acme/shop", 2), jobs::Reason::blocked_by, "#1 is open"));
  return change;
}

jobs::Change second_change(jobs::TimePoint start, jobs::TimePoint now,
                           const std::string& turns_dir) {
  jobs::Change change;
  const jobs::Run live =
      make_run(kLiveRun, issue("acme/shop", 3), "Sp\xc3\xa4ter \xe6\x97\xa5\xe6\x9c\xac", start);
  claim(change, live, make_turn(live, turns_dir), now);
  change.decisions.push_back(decide(issue("acme/shop", 3), jobs::Reason::selected, ""));
  change.decisions.push_back(
      decide(issue("acme/shop", 2), jobs::Reason::repo_busy, "a run is live"));
  return change;
}

jobs::TickRow make_tick(const char* id, jobs::TimePoint start) {
  jobs::TickRow tick;
  tick.id = jobs::TickId(id);
  tick.jobs = {jobs::TickJob::watch, jobs::TickJob::fix_forward, jobs::TickJob::poll,
               jobs::TickJob::janitor};
  tick.started_at = start;
  tick.host = "host";
  tick.version = "0.0.0";
  return tick;
}

jobs::TickRow ended(jobs::TickRow tick) {
  tick.ended_at = tick.started_at + seconds(2);
  tick.candidates = 2;
  tick.started = 1;
  tick.effects = 1;
  tick.exit_code = 0;
  return tick;
}

}  // namespace

jobs::Fleet sample_fleet() {
  jobs::Fleet fleet;
  for (const char* name : {"acme/shop", "acme/lib", "acme/web"}) {
    jobs::Repo repo;
    repo.name = jobs::RepoName(name);
    fleet.repos.push_back(repo);
  }
  fleet.budget.fleet_day_usd = jobs::Usd{20'000'000};
  return fleet;
}

jobs::Status fill_sample_state(jobs::Store& store, jobs::TimePoint now,
                               const std::string& turns_dir) {
  const jobs::TimePoint start = now - minutes(500) - seconds(30);
  RUNNER_ASSIGN(const jobs::Lease lease, store.acquire_lease("host:1:1:test", now, minutes(2)));
  const jobs::TickRow first = make_tick("t01kh5vq8c00000000000000001", start);
  RUNNER_TRY(store.begin_tick(lease, first));
  RUNNER_TRY(store.commit(lease, first.id, first_change(start, now, turns_dir)));
  RUNNER_ASSIGN(const std::vector<jobs::OutboxRow> rows, store.outbox(std::nullopt));
  for (const jobs::OutboxRow& row : rows) {
    RUNNER_TRY(store.claim_effect(lease, row.id));
    const jobs::Store::EffectEnd failed{.id = row.id,
                                        .state = jobs::EffectState::pending,
                                        .error = std::string("connection refused ") + kHostile,
                                        .next_attempt = now + minutes(5)};
    RUNNER_TRY(store.finish_effect(lease, first.id, failed, {}, now));
  }
  RUNNER_TRY(store.end_tick(lease, ended(first)));

  const jobs::TimePoint later = now - minutes(200) - seconds(30);
  const jobs::TickRow second = make_tick("t01kh5vq8e00000000000000002", later);
  RUNNER_TRY(store.begin_tick(lease, second));
  RUNNER_TRY(store.commit(lease, second.id, second_change(later, now, turns_dir)));
  RUNNER_TRY(store.end_tick(lease, ended(second)));
  return store.release_lease(lease);
}

}  // namespace test_support

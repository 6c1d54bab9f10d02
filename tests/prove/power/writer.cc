#include "tests/prove/power/writer.h"

#include <unistd.h>

#include <chrono>
#include <memory>

#include <fmt/format.h>
#include <sqlite3.h>

#include "runner/store/store.h"

namespace prove::power {

namespace {

using Handle = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

constexpr jobs::TimePoint kNow{std::chrono::milliseconds(1'800'000'000'000)};

void acknowledge(std::int64_t step) {
  const std::string line = fmt::format("{}\n", step);
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    ::_exit(3);
  }
}

/// Each step is a row of several tables: a run that has ended, its turn, money, an effect.
jobs::Change change_of(std::int64_t step) {
  jobs::Change change;
  jobs::Run run;
  run.id = jobs::RunId(fmt::format("r{:08}", step));
  run.issue = {jobs::RepoName("acme/shop"), step};
  run.step = jobs::RunStep::ended;
  run.outcome = jobs::Outcome::landed;
  run.body = std::string(static_cast<std::size_t>(step * 37 % 5000), 'b');
  change.runs.push_back(run);
  change.turns.push_back({.run = run.id, .number = 1, .agent = "a"});
  change.ledger.push_back({.kind = jobs::LedgerKind::reserve,
                           .issue = run.issue,
                           .run = run.id,
                           .turn = 1,
                           .amount = {.usd = {step}},
                           .at = kNow});
  change.effects.push_back({.kind = jobs::EffectKind::upsert_comment,
                            .key = fmt::format("k{}", step),
                            .run = run.id,
                            .issue = run.issue});
  return change;
}

jobs::Status by_the_store(const std::string& folder) {
  runner::store::StoreOptions options;
  options.state_dir = folder;
  options.now = kNow;
  options.owner_is_dead = [](const std::string&) { return true; };
  RUNNER_ASSIGN(const auto store, runner::store::open_store(options));
  RUNNER_ASSIGN(const auto runs, store->runs({}));
  RUNNER_ASSIGN(const auto lease, store->acquire_lease("writer", kNow, std::chrono::minutes(5)));
  auto step = static_cast<std::int64_t>(runs.size());
  const jobs::TickId tick(fmt::format("t{:08}", step));
  RUNNER_TRY(
      store->begin_tick(lease, {.id = tick, .started_at = kNow, .host = "h", .version = "1"}));
  for (;;) {
    ++step;
    RUNNER_TRY(store->commit(lease, tick, change_of(step)));
    acknowledge(step);
  }
}

bool run_sql(sqlite3* database, const std::string& sql) {
  return sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

int carelessly(const std::string& folder) {
  sqlite3* raw = nullptr;
  (void)sqlite3_open((folder + "/state.db").c_str(), &raw);
  const Handle database(raw, &sqlite3_close);
  if (!run_sql(raw, "PRAGMA synchronous=OFF; PRAGMA busy_timeout=1000")) {
    return 1;
  }
  // The tables that `look` counts, and no more.
  (void)run_sql(raw,
                "CREATE TABLE runs(id); CREATE TABLE turns(run); CREATE TABLE ledger(run); "
                "CREATE TABLE outbox(run)");
  for (std::int64_t step = 1;; ++step) {
    const std::string id = fmt::format("'r{:08}'", step);
    if (!run_sql(raw,
                 fmt::format("BEGIN IMMEDIATE; INSERT INTO runs VALUES({0}); INSERT INTO turns "
                             "VALUES({0}); INSERT INTO ledger VALUES({0}); INSERT INTO outbox "
                             "VALUES({0}); COMMIT",
                             id))) {
      return 1;
    }
    acknowledge(step);
  }
}

/// The first cell of a query, -1 if there is none.
std::int64_t number(sqlite3* database, const char* sql, std::string& why) {
  sqlite3_stmt* query = nullptr;
  std::int64_t result = -1;
  if (sqlite3_prepare_v2(database, sql, -1, &query, nullptr) == SQLITE_OK &&
      sqlite3_step(query) == SQLITE_ROW) {
    result = sqlite3_column_int64(query, 0);
  } else if (why.empty()) {
    why = fmt::format("{}: {}", sql, sqlite3_errmsg(database));
  }
  sqlite3_finalize(query);
  return result;
}

}  // namespace

int writer(const std::string& folder, const std::string& mode) {
  if (mode == "careless") {
    return carelessly(folder);
  }
  const auto written = by_the_store(folder);
  fmt::print(stderr, "{}\n", written.error().text());
  return 1;
}

Written look(const std::string& folder) {
  Written out;
  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2((folder + "/state.db").c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const Handle database(raw, &sqlite3_close);
  if (opened != SQLITE_OK) {
    out.why = "there is no database that opens";
    return out;
  }
  out.steps = number(raw, "SELECT count(*) FROM runs", out.why);
  std::int64_t unsound = 0;
  for (const char* table : {"turns", "ledger", "outbox"}) {
    const std::string sql = fmt::format("SELECT count(*) FROM {}", table);
    unsound += number(raw, sql.c_str(), out.why) == out.steps ? 0 : 1;
  }
  const std::int64_t newest =
      number(raw, "SELECT coalesce(max(CAST(substr(id, 2) AS INTEGER)), 0) FROM runs", out.why);
  const std::int64_t sound = number(
      raw, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'", out.why);
  if (out.why.empty() && (unsound > 0 || newest != out.steps)) {
    out.why = fmt::format("a step is there by half: {} runs, newest {}", out.steps, newest);
  }
  if (out.why.empty() && sound != 1) {
    out.why = "the integrity check finds damage";
  }
  out.readable = out.why.empty();
  return out;
}

}  // namespace prove::power

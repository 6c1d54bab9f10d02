#pragma once

#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "runner/store/store.h"
#include "tests/contract/store/store_contract.h"

namespace store_tests {

inline std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Statements by another program, behind the store's back.
inline void edit(const std::string& database, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(database.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle) << " in " << sql;
  sqlite3_close(handle);
}

inline jobs::TickRow tick_row(const std::string& id) {
  return {.id = jobs::TickId(id), .started_at = at(0), .host = "host", .version = "1"};
}

inline jobs::Run sample_run(int number) {
  jobs::Run run;
  run.id = jobs::RunId(fmt::format("r{:04}", number));
  run.issue = {jobs::RepoName(fmt::format("acme/repo{}", number)), number};
  run.title = fmt::format("title {}", number);
  run.body = std::string(static_cast<std::size_t>(number % 7) * 700, 'b');
  return run;
}

/// A bit of everything that is protected.
inline void fill(jobs::Store& store) {
  const auto lease = store.acquire_lease("filler", at(0), std::chrono::minutes(5));
  ASSERT_TRUE(succeeded(lease));
  ASSERT_TRUE(succeeded(store.begin_tick(*lease, tick_row("t1"))));
  jobs::Change change;
  for (int i = 1; i <= 30; ++i) {
    jobs::Run run = sample_run(i);
    if (i % 3 == 0) {
      run.step = jobs::RunStep::ended;
      run.outcome = jobs::Outcome::landed;
      run.ended_at = at(50);
    }
    change.runs.push_back(run);
    change.turns.push_back({.run = run.id, .number = 1, .agent = "a"});
    change.attempts.push_back({.issue = run.issue,
                               .head = jobs::Oid("h"),
                               .failing_set = "unit",
                               .run = run.id,
                               .at = at(1)});
    change.effects.push_back({.kind = jobs::EffectKind::upsert_comment,
                              .key = fmt::format("k{}", i),
                              .run = run.id,
                              .issue = run.issue,
                              .text = std::string(300, 't')});
    change.ledger.push_back({.kind = jobs::LedgerKind::reserve,
                             .issue = run.issue,
                             .run = run.id,
                             .turn = 1,
                             .amount = {.usd = {100 + i}},
                             .at = at(2)});
    if (i % 2 == 0) {
      change.ledger.push_back({.kind = jobs::LedgerKind::settle,
                               .issue = run.issue,
                               .run = run.id,
                               .turn = 1,
                               .amount = {.usd = {i}},
                               .at = at(3)});
    }
  }
  change.brakes_set = {{.scope = "fleet", .reason = "quota", .set_at = at(1)}};
  ASSERT_TRUE(succeeded(store.commit(*lease, jobs::TickId("t1"), change)));
  ASSERT_TRUE(
      succeeded(store.add_request({.run = jobs::RunId("r0001"), .by = "ann", .at = at(1)})));
  ASSERT_TRUE(succeeded(store.set_pause({.by = "ann", .why = "why", .at = at(1)})));
  ASSERT_TRUE(succeeded(store.release_lease(*lease)));
}

inline runner::store::StoreOptions options_for(const std::string& folder) {
  return {.state_dir = folder,
          .now = at(0),
          .owner_is_dead = [](const std::string&) { return false; },
          .patience = std::chrono::seconds(20)};
}

/// Everything protected, as one text; or the first error.
inline jobs::Result<std::string> everything(jobs::StoreReader& store) {
  std::string all;
  RUNNER_ASSIGN(const auto runs, store.runs({}));
  for (const jobs::Run& run : runs) {
    all += fmt::format("{} {} {} {} {} {}\n", run.id.str(), run.issue.str(), run.title,
                       to_string(run.step), run.body.size(), run.live());
    RUNNER_ASSIGN(const auto turns, store.turns(run.id));
    for (const jobs::Turn& turn : turns) {
      all += fmt::format(" turn {} {}\n", turn.number, turn.agent);
    }
    RUNNER_ASSIGN(const auto outbox, store.outbox(run.id));
    for (const jobs::OutboxRow& row : outbox) {
      all += fmt::format(" effect {} {} {} {}\n", row.id, row.effect.key, to_string(row.state),
                         row.effect.text.size());
    }
    RUNNER_ASSIGN(const auto attempts, store.attempts(run.issue));
    all += fmt::format(" attempts {}\n", attempts.size());
    RUNNER_ASSIGN(const auto ledger, store.ledger(run.id));
    for (const jobs::LedgerRow& row : ledger) {
      all += fmt::format(" {} {}\n", to_string(row.kind), row.amount.usd.micros);
    }
  }
  RUNNER_ASSIGN(const auto live, store.runs({.live_only = true}));
  RUNNER_ASSIGN(const auto unfinished, store.outbox({}));
  RUNNER_ASSIGN(const auto brakes, store.brakes(true));
  RUNNER_ASSIGN(const auto requests, store.requests());
  RUNNER_ASSIGN(const auto pause, store.pause());
  RUNNER_ASSIGN(const auto spend, store.spend({}));
  all += fmt::format("{} {} {} {} {} {}\n", live.size(), unfinished.size(), brakes.size(),
                     requests.size(), pause.has_value(), spend.total().usd.micros);
  return all;
}

}  // namespace store_tests

#include "runner/store/rebuild.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "runner/store/cells.h"
#include "runner/store/rebuild_ledger.h"
#include "runner/store/rows.h"
#include "runner/store/sqlite_store.h"
#include "runner/store/verify.h"

namespace runner::store {

namespace {

/// One row at a time; a row that refers to one that is lost, or contradicts one that was kept, is
/// left out.
jobs::Status put_table(Step& step, const SealedTable& table, const HarvestedTable& from,
                       Rebuilt& out) {
  std::int64_t largest = 0;
  for (const Row& row : from.rows) {
    if (auto written = put(step.database, step.seals, table, row); written) {
      ++out.rows;
      if (const auto* id = std::get_if<std::int64_t>(&row.front())) {
        largest = std::max(largest, *id);
      }
    } else if (written.error().kind == jobs::ErrorKind::conflict) {
      ++out.left_out;
    } else {
      return written;
    }
  }
  RUNNER_ASSIGN(Seal* const seal, step.seals.of(table.name));
  seal->next_id = std::max({seal->next_id, from.seal.value_or(Seal{}).next_id, largest + 1});
  return jobs::ok();
}

/// What only tells people: as far as it can be read and still makes sense.
jobs::Status put_told(Database& database, const Harvest& harvest) {
  for (const ToldTable& table : told_tables()) {
    const auto rows = harvest.told.find(table.name);
    if (rows == harvest.told.end()) {
      continue;
    }
    const auto columns =
        std::count(table.columns, table.columns + std::string(table.columns).size(), ',') + 1;
    std::string marks = "?";
    for (std::ptrdiff_t i = 1; i < columns; ++i) {
      marks += ", ?";
    }
    const std::string insert =
        fmt::format("INSERT INTO {}({}) VALUES({})", table.name, table.columns, marks);
    for (const Row& row : rows->second) {
      if (std::string_view(table.name) == "ticks" && !tick_from(row)) {
        continue;
      }
      if (auto written = database.run(insert, row);
          !written && written.error().kind != jobs::ErrorKind::conflict) {
        return written;
      }
    }
  }
  return jobs::ok();
}

template <typename T>
std::vector<T> parsed(const Harvest& harvest, const SealedTable& table,
                      jobs::Result<T> (*parse)(const Row&)) {
  std::vector<T> out;
  for (const Row& row : harvest.sealed.at(table.name).rows) {
    if (auto one = parse(row)) {
      out.push_back(*std::move(one));
    }
  }
  return out;
}

/// The epoch must grow past every one that was ever given out: each took a step.
jobs::Status put_leases(Step& step, const Harvest& harvest, const std::vector<jobs::Run>& runs,
                        std::int64_t steps_lost) {
  jobs::Lease lease;
  for (const Row& row : harvest.sealed.at(leases_table().name).rows) {
    if (const auto known = lease_from(row); known && known->name == lease.name) {
      lease = *known;
    }
  }
  for (const jobs::Run& run : runs) {
    lease.epoch = std::max(lease.epoch, run.epoch);
  }
  for (const jobs::OutboxRow& row : parsed(harvest, outbox_table(), outbox_from)) {
    lease.epoch = std::max(lease.epoch, row.claimed_epoch);
  }
  lease.epoch += steps_lost + 1;
  lease.owner.clear();
  return put(step.database, step.seals, leases_table(), to_row(lease));
}

/// Nothing goes on before a person has looked: live runs end, and the fleet is paused.
jobs::Status stop_everything(Step& step, const std::vector<jobs::Run>& runs, const Rebuilding& how,
                             Rebuilt& out) {
  jobs::TickRow tick;
  tick.id = how.tick;
  tick.started_at = how.now;
  tick.ended_at = how.now;
  tick.host = "doctor";
  tick.version = how.version;
  tick.exit_code = 0;
  RUNNER_TRY(step.database.run(
      fmt::format("INSERT INTO ticks({}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", kTickColumns),
      to_row(tick)));
  for (const jobs::Run& run : runs) {
    RUNNER_ASSIGN(const auto kept,
                  step.database.rows("SELECT 1 FROM runs WHERE id = ?", {run.id.str()}));
    if (!run.live() || kept.empty()) {
      continue;
    }
    RUNNER_TRY(apply_change(step, how.tick, how.end_run(run), how.now));
    ++out.ended;
  }
  RUNNER_ASSIGN(auto pauses, select(step.database, pauses_table(), "WHERE cleared_at IS NULL"));
  if (!pauses.empty()) {
    return jobs::ok();
  }
  RUNNER_ASSIGN(Seal* const seal, step.seals.of(pauses_table().name));
  PauseRow pause{.id = seal->next_id++};
  pause.pause = {.by = "runner doctor", .why = how.why, .at = how.now};
  return put(step.database, step.seals, pauses_table(), to_row(pause));
}

jobs::Status fill(Step& step, const Harvest& harvest, const Rebuilding& how, Rebuilt& out) {
  const std::vector<jobs::Run> runs = parsed(harvest, runs_table(), run_from);
  const std::vector<jobs::Turn> turns = parsed(harvest, turns_table(), turn_from);
  for (const SealedTable* table : sealed_tables()) {
    if (table->name != leases_table().name) {
      RUNNER_TRY(put_table(step, *table, harvest.sealed.at(table->name), out));
    }
  }
  RUNNER_TRY(put_leases(step, harvest, runs, std::max<std::int64_t>(how.steps - harvest.steps, 0)));
  RUNNER_TRY(put_told(step.database, harvest));
  RUNNER_TRY(step.seals.flush());
  RUNNER_ASSIGN(out.settled, rebuild_ledger(step.database, step.seals, step.ledger, harvest, runs,
                                            turns, how.now));
  if (!how.why.empty()) {
    RUNNER_TRY(stop_everything(step, runs, how, out));
  }
  RUNNER_ASSIGN(Seal* const steps, step.seals.of(kSteps));
  out.steps = std::max(harvest.steps, how.steps) + 1;
  steps->next_id = out.steps + 1;
  return step.seals.flush();
}

}  // namespace

jobs::Result<Rebuilt> rebuild(const StatePaths& paths, const Harvest& harvest,
                              const Rebuilding& how) {
  RUNNER_TRY(make_empty(paths.creating));
  Rebuilt out;
  RUNNER_ASSIGN(Database database,
                Database::open({.path = paths.creating, .mode = Database::Mode::create}));
  RUNNER_TRY(prepare_new(database));
  RUNNER_TRY(apply_migrations(database, all_migrations(), 0, how.now));
  RUNNER_TRY(database.script("BEGIN IMMEDIATE"));
  Ledger ledger;
  Step step{.database = database, .seals = Seals(database), .ledger = ledger};
  RUNNER_TRY(fill(step, harvest, how, out));
  RUNNER_TRY(database.script("COMMIT"));
  RUNNER_TRY(database.script("BEGIN"));
  Ledger again;
  RUNNER_TRY(verify_contents(database, again));
  database.roll_back();
  return out;
}

}  // namespace runner::store

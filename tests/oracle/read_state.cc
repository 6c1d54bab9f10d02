#include "tests/oracle/read_state.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>

#include <sqlite3.h>

namespace oracle {

namespace {

namespace fs = std::filesystem;

using Database = std::unique_ptr<sqlite3, decltype([](sqlite3* each) { sqlite3_close(each); })>;
using Statement =
    std::unique_ptr<sqlite3_stmt, decltype([](sqlite3_stmt* each) { sqlite3_finalize(each); })>;

[[noreturn]] void give_up(sqlite3* database, const std::string& what) {
  throw std::runtime_error("the oracle cannot read the state: " + what + ": " +
                           sqlite3_errmsg(database));
}

/// One row of a result, columns by number.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  [[nodiscard]] std::string text(int column) const {
    const auto* bytes = sqlite3_column_text(statement_, column);
    return bytes == nullptr ? std::string() : reinterpret_cast<const char*>(bytes);
  }
  [[nodiscard]] std::int64_t number(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] std::optional<Millis> time(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL ? std::nullopt
                                                                  : std::optional(number(column));
  }

 private:
  sqlite3_stmt* statement_;
};

void each_row(sqlite3* database, const char* sql, const std::function<void(const Row&)>& take) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database, sql, -1, &raw, nullptr) != SQLITE_OK) {
    give_up(database, sql);
  }
  const Statement statement(raw);
  int status = sqlite3_step(raw);
  for (; status == SQLITE_ROW; status = sqlite3_step(raw)) {
    take(Row(raw));
  }
  if (status != SQLITE_DONE) {
    give_up(database, sql);
  }
}

Database open_database(const std::string& path) {
  sqlite3* raw = nullptr;
  const int status = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  Database database(raw);
  if (status != SQLITE_OK) {
    give_up(raw, path);
  }
  sqlite3_busy_timeout(raw, 5000);
  return database;
}

/// A copy in which SQLite may roll a hot journal back.
std::string copy_of(const std::string& state, const std::string& scratch) {
  static std::atomic<int> number = 0;
  const std::string folder = (scratch.empty() ? fs::temp_directory_path().string() : scratch) +
                             "/oracle-" + std::to_string(::getpid()) + "-" +
                             std::to_string(number++);
  fs::create_directories(folder);
  std::error_code gone;
  fs::copy_file(state, folder + "/state.db");
  fs::copy_file(state + "-journal", folder + "/state.db-journal", gone);
  sqlite3* raw = nullptr;
  const int status = sqlite3_open((folder + "/state.db").c_str(), &raw);
  const Database database(raw);
  if (status != SQLITE_OK) {
    give_up(raw, "a copy");
  }
  each_row(raw, "SELECT count(*) FROM sqlite_master", [](const Row&) {});
  return folder;
}

void read_runs(sqlite3* database, Observation& seen) {
  each_row(database,
           "SELECT id, repo, number, step, outcome, reason, epoch, branch, worktree, base, head, "
           "landed, landings, turns, fix_attempts, verify_attempts, worktree_released, created_at "
           "FROM runs ORDER BY id",
           [&](const Row& row) {
             RunRow run;
             run.id = row.text(0);
             run.repo = row.text(1);
             run.number = row.number(2);
             run.step = row.text(3);
             run.outcome = row.text(4);
             run.reason = row.text(5);
             run.epoch = row.number(6);
             run.branch = row.text(7);
             run.worktree = row.text(8);
             run.base = row.text(9);
             run.head = row.text(10);
             run.landed = row.text(11);
             run.landings = row.number(12);
             run.turns = row.number(13);
             run.fix_attempts = row.number(14);
             run.verify_attempts = row.number(15);
             run.worktree_released = row.number(16) != 0;
             run.created_at = row.number(17);
             seen.runs.push_back(std::move(run));
           });
  each_row(database,
           "SELECT run, number, kind, state, directory, exit_end, started_at, ended_at FROM turns "
           "ORDER BY run, number",
           [&](const Row& row) {
             TurnRow turn;
             turn.run = row.text(0);
             turn.number = row.number(1);
             turn.kind = row.text(2);
             turn.state = row.text(3);
             turn.directory = row.text(4);
             turn.end = row.text(5);
             turn.started_at = row.time(6);
             turn.ended_at = row.time(7);
             seen.turns.push_back(std::move(turn));
           });
}

void read_books(sqlite3* database, Observation& seen) {
  each_row(database,
           "SELECT seq, kind, repo, number, run, turn, usd, tokens, turns, seconds, estimated, at "
           "FROM ledger ORDER BY seq",
           [&](const Row& row) {
             LedgerLine line;
             line.seq = row.number(0);
             line.kind = row.text(1);
             line.repo = row.text(2);
             line.number = row.number(3);
             line.run = row.text(4);
             line.turn = row.number(5);
             line.amount = {.usd = row.number(6),
                            .tokens = row.number(7),
                            .turns = row.number(8),
                            .seconds = row.number(9)};
             line.estimated = row.number(10) != 0;
             line.at = row.number(11);
             seen.ledger.push_back(std::move(line));
           });
  each_row(database,
           "SELECT id, key, kind, run, state, attempts, claimed_epoch FROM outbox ORDER BY id",
           [&](const Row& row) {
             seen.outbox.push_back({.id = row.number(0),
                                    .key = row.text(1),
                                    .kind = row.text(2),
                                    .run = row.text(3),
                                    .state = row.text(4),
                                    .attempts = row.number(5),
                                    .claimed_epoch = row.number(6)});
           });
  each_row(database, "SELECT name, labels, value FROM counters",
           [&](const Row& row) { seen.counters[row.text(0) + row.text(1)] = row.number(2); });
  each_row(database, "SELECT max(epoch) FROM leases",
           [&](const Row& row) { seen.lease_epoch = row.number(0); });
}

}  // namespace

void read_state(const std::string& state_dir, const std::string& scratch, Observation& seen) {
  const std::string state = state_dir + "/state.db";
  if (!fs::exists(state)) {
    return;
  }
  std::string copy;
  if (fs::exists(state + "-journal")) {
    copy = copy_of(state, scratch);
  }
  {
    const Database database = open_database(copy.empty() ? state : copy + "/state.db");
    each_row(database.get(), "BEGIN", [](const Row&) {});
    each_row(database.get(), "PRAGMA integrity_check(1)",
             [&](const Row& row) { seen.state_damage = row.text(0) == "ok" ? "" : row.text(0); });
    read_runs(database.get(), seen);
    read_books(database.get(), seen);
    seen.has_state = true;
  }
  if (!copy.empty()) {
    fs::remove_all(copy);
  }
}

}  // namespace oracle

#include <map>
#include <memory>
#include <set>
#include <stdexcept>

#include <sqlite3.h>

#include "metrics/collect.h"
#include "metrics/textfile.h"
#include "runner/store/store.h"
#include "tests/prove/hostile_text/flows.h"
#include "tests/prove/hostile_text/sinks.h"
#include "tests/support/scenario_values.h"

namespace prove::hostile_text {

namespace {

using scenario::kNow;

std::string id_of(std::size_t index) {
  const std::string number = std::to_string(index);
  return "r01" + std::string(20 - number.size(), '0') + number;
}

/// One string in every column of text that something outside can fill.
jobs::Change rows_of(std::size_t index, const std::string& text) {
  jobs::Run run = scenario::run();
  run.id = jobs::RunId(id_of(index));
  run.issue.number = static_cast<jobs::IssueNumber>(index + 1);
  run.author = run.edited_by = run.comment = text;
  run.title = run.body = run.requested_by = run.reason = run.last_error = run.worktree = text;
  run.failing = {text, "x"};
  run.step = jobs::RunStep::ended;
  run.outcome = jobs::Outcome::needs_human;
  run.ended_at = kNow;
  run.worktree_released = true;
  jobs::Turn turn = scenario::turn(1, "implement");
  turn.run = run.id;
  turn.session = turn.correction = turn.agent = turn.directory = text;
  turn.state = jobs::TurnState::ended;
  turn.exit.emplace().detail = text;
  jobs::Effect effect;
  effect.key = run.id.str() + "/1/notify";
  effect.run = run.id;
  effect.issue = run.issue;
  effect.text = effect.target = text;
  effect.add_labels = {text, text};
  effect.at = kNow;
  jobs::Change change;
  change.runs = {run};
  change.turns = {turn};
  change.effects = {effect};
  change.events = {{run.id, kNow, "note", text}};
  change.attempts = {{run.issue, scenario::oid('a'), text, run.id, kNow}};
  jobs::Decision decision;
  decision.issue = run.issue;
  decision.title = decision.detail = text;
  decision.reason = jobs::Reason::blocked_by;
  decision.gates = {{jobs::Reason::blocked_by, false, text}};
  change.decisions = {decision};
  return change;
}

/// Rows as SQLite itself tells them: first column the key, second the bytes.
std::map<std::string, std::string> rows(sqlite3* database, const std::string& query) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database, query.c_str(), -1, &raw, nullptr) != SQLITE_OK) {
    throw std::runtime_error(query + ": " + sqlite3_errmsg(database));
  }
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(raw,
                                                                             &sqlite3_finalize);
  std::map<std::string, std::string> result;
  while (sqlite3_step(raw) == SQLITE_ROW) {
    const auto cell = [&](int column) {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(raw, column));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(raw, column));
      return bytes == nullptr ? std::string() : std::string(bytes, size);
    };
    const std::string key = cell(0);
    result[key] = cell(1);
  }
  return result;
}

const std::pair<const char*, const char*> kColumns[] = {
    {"run title", "SELECT id, title FROM runs"},
    {"run body", "SELECT id, body FROM runs"},
    {"run reason", "SELECT id, reason FROM runs"},
    {"run last_error", "SELECT id, last_error FROM runs"},
    {"run requested_by", "SELECT id, requested_by FROM runs"},
    {"run author", "SELECT id, author FROM runs"},
    {"run edited_by", "SELECT id, edited_by FROM runs"},
    {"run comment", "SELECT id, comment FROM runs"},
    {"run worktree", "SELECT id, worktree FROM runs"},
    {"turn session", "SELECT run, session FROM turns"},
    {"turn correction", "SELECT run, correction FROM turns"},
    {"turn agent", "SELECT run, agent FROM turns"},
    {"event detail", "SELECT run, detail FROM events"},
    {"effect text", "SELECT run, text FROM outbox"},
    {"effect target", "SELECT run, target FROM outbox"},
    {"decision title", "SELECT number, title FROM decisions"},
    {"decision detail", "SELECT number, detail FROM decisions"},
    {"attempt failing set", "SELECT run, failing_set FROM attempts"}};

void check_metrics(Record& record, jobs::StoreReader& store) {
  Case at(record, "state", "*");
  const auto families = metrics::collect(store, scenario::fleet(), false, kNow);
  at.sink("metric", families.has_value(), "the metrics cannot be collected");
  if (!families) {
    return;
  }
  std::vector<std::string> labels;
  at.sink("metric", metrics_fault(metrics::to_text(*families), labels));
  for (const std::string& label : labels) {
    at.sink("metric", line_fault(label));
  }
  const std::set<std::string> different(labels.begin(), labels.end());
  record.figure("values of metric labels", static_cast<std::int64_t>(different.size()));
}

}  // namespace

void feed_state(Record& record, const std::string& folder,
                const std::function<bool(const std::string&)>& wanted) {
  const auto store = runner::store::open_store(
      {.state_dir = folder, .now = kNow, .owner_is_dead = {}, .file_system_of = {}, .vfs = {}});
  if (!store) {
    throw std::runtime_error("no store: " + store.error().text());
  }
  const auto lease = (*store)->acquire_lease("prover", kNow, std::chrono::hours(1));
  const jobs::TickId tick("t1");
  jobs::TickRow tick_row;
  tick_row.id = tick;
  tick_row.started_at = kNow;
  if (!lease || !(*store)->begin_tick(*lease, tick_row)) {
    throw std::runtime_error("no tick");
  }
  const auto& strings = hostile_strings();
  std::set<std::size_t> committed;
  for (std::size_t i = 0; i < strings.size(); ++i) {
    if (!wanted("state:" + strings[i].name)) {
      continue;
    }
    const auto done = (*store)->commit(*lease, tick, rows_of(i, strings[i].text));
    Case at(record, "state", strings[i].name);
    at.sink("query", done.has_value(), done ? "" : "not recorded: " + done.error().text());
    if (done) {
      committed.insert(i);
    }
  }
  sqlite3* raw = nullptr;
  if (sqlite3_open_v2((folder + "/state.db").c_str(), &raw, SQLITE_OPEN_READONLY, nullptr) !=
      SQLITE_OK) {
    throw std::runtime_error("the state cannot be opened");
  }
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(raw, &sqlite3_close);
  for (const auto& [column, query] : kColumns) {
    const bool by_number = std::string(column).starts_with("decision");
    const auto found = rows(raw, query);
    for (const std::size_t i : committed) {
      const auto row = found.find(by_number ? std::to_string(i + 1) : id_of(i));
      Case at(record, "state", strings[i].name);
      at.sink("query", row != found.end() && row->second == strings[i].text,
              std::string("the bytes of ") + column + " differ");
    }
  }
  for (const std::size_t i : committed) {
    Case at(record, "state", strings[i].name);
    const auto run = (*store)->run(id_of(i));
    at.sink("query",
            run && run->title == strings[i].text && run->failing.front() == strings[i].text,
            "the run does not read back as it was");
  }
  check_metrics(record, **store);
}

}  // namespace prove::hostile_text

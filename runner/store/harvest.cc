#include "runner/store/harvest.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "runner/store/ledger.h"
#include "runner/store/migrations.h"
#include "runner/store/rows.h"
#include "runner/store/verify.h"

namespace runner::store {

namespace {

/// A hole in a table is probed row by row up to this many numbers.
constexpr std::int64_t kProbed = 20000;
constexpr std::int64_t kBeyondTheEnd = 200;

std::int64_t number_of(const Row& row) {
  const auto* number = row.empty() ? nullptr : std::get_if<std::int64_t>(&row.front());
  return number != nullptr ? *number : 0;
}

/// Every row of a table that can be reached: all at once, or else from both ends up to what is
/// damaged, and in between one by one. The first cell of each is its rowid.
std::vector<Row> reachable(Database& database, const std::string& table,
                           const std::string& columns) {
  const std::string select = fmt::format("SELECT rowid, {} FROM {} NOT INDEXED ", columns, table);
  if (auto all = database.rows(select + "ORDER BY rowid")) {
    return *std::move(all);
  }
  std::map<std::int64_t, Row> found;
  std::int64_t front = INT64_MIN;
  for (;;) {
    auto next = database.rows(select + "WHERE rowid > ? ORDER BY rowid LIMIT 1", {front});
    // In a damaged table the next row need not be a later one.
    if (!next || next->empty() || number_of(next->front()) <= front) {
      break;
    }
    front = number_of(next->front());
    found[front] = std::move(next->front());
  }
  std::int64_t back = INT64_MAX;
  for (;;) {
    auto next = database.rows(select + "WHERE rowid < ? ORDER BY rowid DESC LIMIT 1", {back});
    if (!next || next->empty() || number_of(next->front()) <= front ||
        number_of(next->front()) >= back) {
      break;
    }
    back = number_of(next->front());
    found[back] = std::move(next->front());
  }
  front = std::max<std::int64_t>(front, 0);
  back = std::min(back == INT64_MAX ? front + kBeyondTheEnd : back, front + kProbed);
  for (std::int64_t id = front + 1; id < back; ++id) {
    if (auto one = database.rows(select + "WHERE rowid = ?", {id}); one && !one->empty()) {
      found[id] = std::move(one->front());
    }
  }
  std::vector<Row> rows;
  rows.reserve(found.size());
  for (auto& [id, row] : found) {
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string list_of(const std::vector<std::string>& columns) {
  return fmt::format("{}", fmt::join(columns, ", "));
}

/// The seals that fit their digests, whatever the table's index says.
std::map<std::string, Seal> believed_seals(Database& database, Harvest& out) {
  std::map<std::string, Seal> seals;
  for (const Row& row : reachable(database, "seals", "name, row_count, next_id, sum, digest")) {
    const auto* name = std::get_if<std::string>(&row[1]);
    const auto* count = std::get_if<std::int64_t>(&row[2]);
    const auto* next = std::get_if<std::int64_t>(&row[3]);
    const auto* sum = std::get_if<std::string>(&row[4]);
    if (name != nullptr && count != nullptr && next != nullptr && sum != nullptr &&
        row[5] == Value(digest_of("seals", {row[1], row[2], row[3], row[4]}))) {
      seals[*name] = {.row_count = *count, .next_id = *next, .sum = *sum};
      ++out.believed;
    }
  }
  return seals;
}

std::optional<Seal> find_in(const std::map<std::string, Seal>& seals, const std::string& name) {
  const auto found = seals.find(name);
  return found == seals.end() ? std::nullopt : std::optional(found->second);
}

/// Cells of the table's columns and the digest; a state from before the last columns came has NULL
/// for them.
std::vector<Row> rows_with_digest(Database& database, const SealedTable& table) {
  std::vector<std::string> columns = table.columns;
  const auto probe = [&] {
    return database.rows(fmt::format("SELECT {} FROM {} LIMIT 0", list_of(columns), table.name))
        .has_value();
  };
  std::size_t missing = 0;
  if (table.added > 0 && !probe()) {
    columns.resize(columns.size() - table.added);
    if (probe()) {
      missing = table.added;
    } else {
      columns = table.columns;
    }
  }
  std::vector<Row> rows = reachable(database, table.name, list_of(columns) + ", digest");
  for (Row& row : rows) {
    row.insert(row.end() - 1, missing, Value());
  }
  return rows;
}

void take_sealed(Database& database, const SealedTable& table,
                 const std::map<std::string, Seal>& seals, Harvest& out) {
  HarvestedTable& into = out.sealed[table.name];
  std::int64_t unfit = 0;
  std::string sum(64, '0');
  for (Row& row : rows_with_digest(database, table)) {
    row.erase(row.begin());
    const Value digest = std::move(row.back());
    row.pop_back();
    const auto* text = std::get_if<std::string>(&digest);
    if (text == nullptr || *text != digest_of(table, row)) {
      ++unfit;
      continue;
    }
    sum = combined(sum, *text);
    into.rows.push_back(std::move(row));
    ++out.believed;
  }
  into.seal = find_in(seals, table.name);
  const auto kept = static_cast<std::int64_t>(into.rows.size());
  // A table that never held anything has no seal.
  const Seal seal = into.seal.value_or(Seal{});
  into.complete = (into.seal || (kept == 0 && unfit == 0)) && seal.row_count == kept &&
                  seal.sum == sum && unfit == 0;
  into.lost = into.complete ? 0 : std::max({std::int64_t{1}, unfit, seal.row_count - kept});
}

void take_ledger(Database& database, const std::map<std::string, Seal>& seals, Harvest& out) {
  out.ledger_head = find_in(seals, "ledger");
  out.ledger_anchor = find_in(seals, kLedgerAnchor);
  bool fits = true;
  const Seal anchor = out.ledger_anchor.value_or(Seal{});
  std::int64_t expected = anchor.next_id;
  std::string previous = anchor.sum;
  for (Row& row :
       reachable(database, "ledger", fmt::format("{}, previous, digest", kLedgerColumns))) {
    HarvestedLink link;
    link.seq = number_of(row);
    link.cells.assign(row.begin() + 1, row.end() - 2);
    const auto* before = std::get_if<std::string>(&row[row.size() - 2]);
    const auto* digest = std::get_if<std::string>(&row.back());
    if (before == nullptr || digest == nullptr ||
        *digest != link_digest(link.seq, link.cells, *before)) {
      fits = false;
      continue;
    }
    link.previous = *before;
    link.digest = *digest;
    fits = fits && link.seq == expected && link.previous == previous;
    expected = link.seq + 1;
    previous = link.digest;
    out.ledger.push_back(std::move(link));
    ++out.believed;
  }
  const Seal head = out.ledger_head.value_or(Seal{});
  out.ledger_complete = fits && expected == head.next_id && previous == head.sum &&
                        head.row_count == static_cast<std::int64_t>(out.ledger.size()) &&
                        (out.ledger_head || out.ledger.empty());
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

void put_big_endian(std::string& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[at + i] = static_cast<char>(value >> (24 - 8 * i));
  }
}

/// The page of the file's header and the pages of the schema are the same in every state that the
/// same migrations have made. Where they are damaged, a new state lends its own: what is then read
/// through them still has to fit its digests.
jobs::Status lend_schema(const StatePaths& paths) {
  constexpr std::size_t kPage = 4096;
  const std::string model_path = paths.checking + "-model";
  RUNNER_TRY(make_empty(model_path));
  {
    RUNNER_ASSIGN(Database model,
                  Database::open({.path = model_path, .mode = Database::Mode::create}));
    RUNNER_TRY(prepare_new(model));
    RUNNER_TRY(apply_migrations(model, all_migrations(), 0, {}));
  }
  const std::string model = bytes_of(model_path);
  RUNNER_TRY(remove_file(model_path));
  std::string bytes = bytes_of(paths.checking);
  if (model.size() < kPage || bytes.size() < model.size()) {
    return damaged("it is shorter than an empty state");
  }
  std::set<std::size_t> pages{1};
  constexpr std::size_t kHead = 100;  // of the first page's own header
  constexpr char kInner = 5;
  if (model[kHead] == kInner) {
    const auto cells = static_cast<std::size_t>(static_cast<unsigned char>(model[kHead + 3]))
                           << 8U |
                       static_cast<unsigned char>(model[kHead + 4]);
    pages.insert(big_endian(model, kHead + 8));
    for (std::size_t i = 0; i < cells; ++i) {
      const std::size_t pointer = kHead + 12 + 2 * i;
      const auto cell = static_cast<std::size_t>(static_cast<unsigned char>(model[pointer])) << 8U |
                        static_cast<unsigned char>(model[pointer + 1]);
      pages.insert(big_endian(model, cell));
    }
  }
  for (const std::size_t page : pages) {
    if (page * kPage <= model.size()) {
      bytes.replace((page - 1) * kPage, kPage, model, (page - 1) * kPage, kPage);
    }
  }
  put_big_endian(bytes, 28, static_cast<std::uint32_t>(bytes.size() / kPage));
  put_big_endian(bytes, 32, 0);  // no list of free pages
  put_big_endian(bytes, 36, 0);
  std::ofstream(paths.checking, std::ios::binary | std::ios::trunc) << bytes;
  return jobs::ok();
}

jobs::Result<Harvest> read_copy(const std::string& path) {
  RUNNER_ASSIGN(Database database, Database::open({.path = path}));
  RUNNER_TRY(database.run("SELECT count(*) FROM sqlite_schema"));
  Harvest out;
  const std::map<std::string, Seal> seals = believed_seals(database, out);
  for (const SealedTable* table : sealed_tables()) {
    take_sealed(database, *table, seals, out);
  }
  take_ledger(database, seals, out);
  if (const auto steps = find_in(seals, kSteps)) {
    out.steps = steps->next_id - 1;
  }
  for (const ToldTable& table : told_tables()) {
    std::vector<Row>& rows = out.told[table.name];
    for (Row& row : reachable(database, table.name, table.columns)) {
      row.erase(row.begin());
      rows.push_back(std::move(row));
    }
  }
  if (out.believed == 0) {
    return damaged("nothing in it can be believed");
  }
  return out;
}

}  // namespace

const std::vector<ToldTable>& told_tables() {
  static const std::vector<ToldTable> tables = {
      {"ticks", kTickColumns},
      {"decisions", "id, tick, repo, number, title, reason, detail, gates"},
      {"events", "id, run, at, kind, detail"},
      {"counters", "name, labels, value"}};
  return tables;
}

bool Harvest::complete() const {
  return ledger_complete &&
         std::ranges::all_of(sealed, [](const auto& one) { return one.second.complete; });
}

std::string Harvest::missing() const {
  std::string out;
  for (const auto& [name, table] : sealed) {
    if (!table.complete) {
      out += fmt::format("{}at least {} of {}", out.empty() ? "" : ", ", table.lost, name);
    }
  }
  if (!ledger_complete) {
    out += fmt::format("{}part of the ledger", out.empty() ? "" : ", ");
  }
  return out;
}

jobs::Result<Harvest> harvest(const StatePaths& paths) {
  const std::string journal = paths.checking + "-journal";
  const auto copy = [&]() -> jobs::Status {
    RUNNER_TRY(remove_file(journal));
    RUNNER_TRY(remove_file(paths.checking));
    RUNNER_TRY(copy_file(paths.database, paths.checking));
    return size_of(paths.journal) > 0 ? copy_file(paths.journal, journal) : jobs::ok();
  };
  RUNNER_TRY(copy());
  auto read = read_copy(paths.checking);
  if (!read) {
    RUNNER_TRY(copy());
    // The step that was cut off cannot be undone in what lends its first page.
    RUNNER_TRY(remove_file(journal));
    auto lent = lend_schema(paths);
    read = lent ? read_copy(paths.checking) : jobs::Result<Harvest>(lent.error());
  }
  RUNNER_TRY(remove_file(journal));
  RUNNER_TRY(remove_file(paths.checking));
  return read;
}

}  // namespace runner::store

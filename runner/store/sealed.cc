#include "runner/store/sealed.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/base/sha256.h"
#include "jobs/base/text.h"

namespace runner::store {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return -1;
}

std::string joined(const std::vector<std::string>& columns, const char* separator) {
  return fmt::format("{}", fmt::join(columns, separator));
}

std::string key_condition(const SealedTable& table) {
  std::string condition;
  for (std::size_t i = 0; i < table.keys; ++i) {
    condition += (i == 0 ? "" : " AND ") + table.columns[i] + " = ?";
  }
  return condition;
}

std::string upsert_statement(const SealedTable& table) {
  std::string marks;
  std::string updates;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    marks += "?, ";
    if (i >= table.keys) {
      updates += table.columns[i] + " = excluded." + table.columns[i] + ", ";
    }
  }
  const std::vector<std::string> keys(
      table.columns.begin(), table.columns.begin() + static_cast<std::ptrdiff_t>(table.keys));
  return fmt::format(
      "INSERT INTO {}({}, digest) VALUES({}?) ON CONFLICT({}) DO UPDATE SET {}digest = "
      "excluded.digest",
      table.name, joined(table.columns, ", "), marks, joined(keys, ", "), updates);
}

const std::string* text_in(const Value& value) {
  return std::get_if<std::string>(&value);
}

void append_number(std::string& bytes, char kind, std::int64_t number, char end) {
  std::array<char, 24> digits{};
  const auto written = std::to_chars(digits.begin(), digits.end(), number);
  bytes += kind;
  bytes.append(digits.begin(), written.ptr);
  bytes += end;
}

/// "5:tablei7;t3:abcn;". Of every row that is read, so it is made without a formatter.
std::string digest_of_cells(const std::string& table, std::span<const Value> cells) {
  std::string bytes = std::to_string(table.size()) + ":" + table;
  for (const Value& cell : cells) {
    if (const auto* number = std::get_if<std::int64_t>(&cell)) {
      append_number(bytes, 'i', *number, ';');
    } else if (const std::string* text = text_in(cell)) {
      append_number(bytes, 't', static_cast<std::int64_t>(text->size()), ':');
      bytes += *text;
    } else {
      bytes += "n;";
    }
  }
  return jobs::sha256_hex(bytes);
}

}  // namespace

std::string combined(const std::string& a, const std::string& b) {
  if (a.size() != 64 || b.size() != 64) {
    return "";
  }
  std::string result(64, '0');
  for (std::size_t i = 0; i < result.size(); ++i) {
    const int left = hex_digit(a[i]);
    const int right = hex_digit(b[i]);
    if (left < 0 || right < 0) {
      return "";
    }
    result[i] = "0123456789abcdef"[left ^ right];
  }
  return result;
}

jobs::Error damaged(const std::string& what) {
  return jobs::fail(
      jobs::ErrorKind::corrupt, "state.db is damaged: " + what,
      "keep the file as it is, and put a backup in its place (docs/state.md, Damage)");
}

std::string digest_of(const std::string& table, const Row& cells) {
  return digest_of_cells(table, cells);
}

std::string digest_of(const SealedTable& table, const Row& cells) {
  std::size_t kept = cells.size();
  const std::size_t least = table.columns.size() - table.added;
  while (kept > least && std::holds_alternative<std::monostate>(cells[kept - 1])) {
    --kept;
  }
  return digest_of_cells(table.name, std::span(cells).first(kept));
}

jobs::Result<Seal*> Seals::of(const std::string& table) {
  if (const auto known = seals_.find(table); known != seals_.end()) {
    return &known->second;
  }
  RUNNER_ASSIGN(
      const auto rows,
      database_.rows("SELECT row_count, next_id, sum, digest FROM seals WHERE name = ?", {table}));
  Seal seal;
  if (!rows.empty()) {
    const Row& row = rows.front();
    const auto* row_count = std::get_if<std::int64_t>(&row[0]);
    const auto* next_id = std::get_if<std::int64_t>(&row[1]);
    const std::string* sum = text_in(row[2]);
    const std::string* digest = text_in(row[3]);
    if (row_count == nullptr || next_id == nullptr || sum == nullptr || digest == nullptr ||
        *digest != digest_of("seals", {table, row[0], row[1], row[2]})) {
      return damaged(fmt::format("the seal of table {} does not match its digest", table));
    }
    seal = {.row_count = *row_count, .next_id = *next_id, .sum = *sum};
  }
  return &seals_.emplace(table, std::move(seal)).first->second;
}

jobs::Status Seals::count(const std::string& table, const std::string& digest, int rows) {
  RUNNER_ASSIGN(Seal* const seal, of(table));
  seal->row_count += rows;
  seal->sum = combined(seal->sum, digest);
  if (seal->sum.empty()) {
    return damaged(fmt::format("table {} holds a digest that is none", table));
  }
  return jobs::ok();
}

jobs::Status Seals::flush() {
  for (const auto& [name, seal] : seals_) {
    const Row cells{name, seal.row_count, seal.next_id, seal.sum};
    RUNNER_TRY(
        database_.run("INSERT INTO seals(name, row_count, next_id, sum, digest) VALUES(?, ?, ?, ?, "
                      "?) ON CONFLICT(name) DO UPDATE SET "
                      "row_count = excluded.row_count, next_id = excluded.next_id, sum = "
                      "excluded.sum, digest = excluded.digest "
                      "WHERE digest <> excluded.digest",
                      {cells[0], cells[1], cells[2], cells[3], digest_of("seals", cells)}));
  }
  seals_.clear();
  return jobs::ok();
}

jobs::Result<std::vector<Row>> select(Database& database, const SealedTable& table,
                                      const std::string& where, const Row& parameters) {
  std::vector<Row> rows;
  RUNNER_TRY(select_each(database, table, where, parameters, [&](Row&& row) {
    rows.push_back(std::move(row));
    return jobs::ok();
  }));
  return rows;
}

jobs::Status select_each(Database& database, const SealedTable& table, const std::string& where,
                         const Row& parameters, const Database::Visitor& visit) {
  const std::string sql =
      fmt::format("SELECT {}, digest FROM {} {}", joined(table.columns, ", "), table.name, where);
  return database.each(sql, parameters, [&](Row&& row) -> jobs::Status {
    const Value digest = std::move(row.back());
    row.pop_back();
    const std::string* text = text_in(digest);
    const bool intact = text != nullptr && *text == digest_of(table, row);
    if (!intact && !RUNNER_PLANTED(digest_not_checked)) {
      const std::string* key = text_in(row.front());
      return damaged(fmt::format(
          "a row of table {} does not match its digest{}", table.name,
          key != nullptr && key->size() <= 40 ? fmt::format(" ({})", jobs::one_line(*key)) : ""));
    }
    return visit(std::move(row));
  });
}

jobs::Status put(Database& database, Seals& seals, const SealedTable& table, const Row& row) {
  const Row key(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(table.keys));
  RUNNER_ASSIGN(const auto old, database.rows(fmt::format("SELECT digest FROM {} WHERE {}",
                                                          table.name, key_condition(table)),
                                              key));
  if (!old.empty()) {
    const std::string* digest = text_in(old.front().front());
    RUNNER_TRY(seals.count(table.name, digest != nullptr ? *digest : "", -1));
  }
  const std::string digest = digest_of(table, row);
  Row cells = row;
  cells.emplace_back(digest);
  RUNNER_TRY(database.run(upsert_statement(table), cells));
  return seals.count(table.name, digest, 1);
}

jobs::Status erase(Database& database, Seals& seals, const SealedTable& table,
                   const std::string& where, const Row& parameters) {
  RUNNER_ASSIGN(
      const auto digests,
      database.rows(fmt::format("SELECT digest FROM {} {}", table.name, where), parameters));
  for (const Row& row : digests) {
    const std::string* digest = text_in(row.front());
    RUNNER_TRY(seals.count(table.name, digest != nullptr ? *digest : "", -1));
  }
  return database.run(fmt::format("DELETE FROM {} {}", table.name, where), parameters);
}

jobs::Status verify_table(Database& database, Seals& seals, const SealedTable& table,
                          bool contents) {
  RUNNER_ASSIGN(const Seal* const seal, seals.of(table.name));
  if (contents) {
    RUNNER_TRY(select_each(database, table, "NOT INDEXED", {}, [](Row&&) { return jobs::ok(); }));
  }
  // NOT INDEXED: what counts is the table itself; whether its indexes agree with it is the
  // integrity check's business.
  std::string sum(64, '0');
  std::int64_t count = 0;
  RUNNER_TRY(database.each(fmt::format("SELECT digest FROM {} NOT INDEXED", table.name), {},
                           [&](Row&& row) {
                             const std::string* digest = text_in(row.front());
                             sum = combined(sum, digest != nullptr ? *digest : "");
                             ++count;
                             return jobs::ok();
                           }));
  if (count != seal->row_count || sum != seal->sum) {
    return damaged(fmt::format("table {} has lost, gained or changed rows ({} instead of {})",
                               table.name, count, seal->row_count));
  }
  return jobs::ok();
}

}  // namespace runner::store

#include "runner/store/migrations.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "jobs/base/sha256.h"
#include "jobs/base/text.h"

namespace runner::store {

namespace {

using jobs::ErrorKind;
using jobs::fail;

constexpr std::string_view kInitial =
#include "runner/store/migrations/0001_initial.sql.inc"
    ;

constexpr std::string_view kHttpCache =
#include "runner/store/migrations/0002_http_cache.sql.inc"
    ;

constexpr std::string_view kAgentEnds =
#include "runner/store/migrations/0003_agent_ends.sql.inc"
    ;

constexpr std::string_view kProvenance =
#include "runner/store/migrations/0004_provenance.sql.inc"
    ;

constexpr std::array<Migration, 4> kMigrations{{{"0001_initial", kInitial},
                                                {"0002_http_cache", kHttpCache},
                                                {"0003_agent_ends", kAgentEnds},
                                                {"0004_provenance", kProvenance}}};

constexpr const char* kForeignHint = "point state_dir at the runner's own folder";
constexpr const char* kDamageHint =
    "keep the file as it is, and put a backup in its place (docs/state.md, Damage)";

std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : std::string();
}

jobs::Result<std::vector<Row>> schema_of(Database& database) {
  return database.rows(
      "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name");
}

/// The schema that the first `count` migrations make.
jobs::Result<std::vector<Row>> expected_schema(std::span<const Migration> known,
                                               std::size_t count) {
  RUNNER_ASSIGN(Database model, Database::open({.mode = Database::Mode::memory}));
  RUNNER_TRY(prepare_new(model));
  RUNNER_TRY(apply_migrations(model, known.first(count), 0, {}));
  return schema_of(model);
}

jobs::Result<std::size_t> applied_migrations(Database& database, std::span<const Migration> known) {
  RUNNER_ASSIGN(const std::int64_t application, database.number("PRAGMA application_id"));
  if (application != kApplicationId) {
    return fail(
        ErrorKind::corrupt,
        fmt::format("state.db is not a state of the runner (application id {:#x})", application),
        kForeignHint);
  }
  RUNNER_ASSIGN(
      const auto tables,
      database.rows(
          "SELECT name FROM sqlite_schema WHERE type='table' AND name='schema_migrations'"));
  if (tables.empty()) {
    return fail(ErrorKind::corrupt, "state.db has no list of migrations", kDamageHint);
  }
  RUNNER_ASSIGN(const auto applied,
                database.rows("SELECT name, digest FROM schema_migrations ORDER BY name"));
  for (std::size_t i = 0; i < applied.size(); ++i) {
    const std::string name = text_of(applied[i][0]);
    const auto same = std::find_if(known.begin(), known.end(),
                                   [&](const Migration& one) { return one.name == name; });
    if (same == known.end()) {
      return fail(ErrorKind::corrupt,
                  fmt::format("state.db was written by a newer runner (migration {})",
                              jobs::one_line(name, 60)),
                  "use the newer runner");
    }
    if (static_cast<std::size_t>(same - known.begin()) != i ||
        text_of(applied[i][1]) != jobs::sha256_hex(same->sql)) {
      return fail(
          ErrorKind::corrupt,
          fmt::format("state.db names migration {} but with another content or order", name),
          kDamageHint);
    }
  }
  RUNNER_ASSIGN(const auto expected, expected_schema(known, applied.size()));
  RUNNER_ASSIGN(const auto found, schema_of(database));
  if (found != expected) {
    return fail(ErrorKind::corrupt,
                "the schema in state.db is not the one that its migrations make", kDamageHint);
  }
  return applied.size();
}

}  // namespace

std::span<const Migration> all_migrations() {
  return kMigrations;
}

jobs::Status prepare_new(Database& database) {
  return database.script(
      fmt::format("PRAGMA application_id={};"
                  "CREATE TABLE schema_migrations(name TEXT PRIMARY KEY NOT NULL, applied_at "
                  "INTEGER NOT NULL, digest TEXT NOT NULL) STRICT;",
                  kApplicationId));
}

jobs::Status apply_migrations(Database& database, std::span<const Migration> known,
                              std::size_t from, jobs::TimePoint now) {
  for (const Migration& migration : known.subspan(from)) {
    RUNNER_TRY(database.script("BEGIN IMMEDIATE"));
    auto applied = database.script(std::string(migration.sql));
    if (applied) {
      applied =
          database.run("INSERT INTO schema_migrations(name, applied_at, digest) VALUES(?, ?, ?)",
                       {std::string(migration.name), now.time_since_epoch().count(),
                        jobs::sha256_hex(migration.sql)});
    }
    if (applied) {
      applied = database.script("COMMIT");
    }
    if (!applied) {
      database.roll_back();
      return std::move(applied).while_doing(fmt::format("applying migration {}", migration.name));
    }
  }
  return jobs::ok();
}

jobs::Result<std::size_t> check_schema(Database& database, std::span<const Migration> known) {
  auto applied = applied_migrations(database, known);
  if (!applied && applied.error().kind == ErrorKind::bug) {
    // The statements above are right, so what SQLite cannot make sense of is the file ("unsupported
    // file format").
    return fail(ErrorKind::corrupt, applied.error().message, kDamageHint);
  }
  return applied;
}

}  // namespace runner::store

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"
#include "runner/store/database.h"

namespace runner::store {

/// One named step of the schema. Never changed once released: its digest is recorded where it was
/// applied.
struct Migration {
  std::string_view name;
  std::string_view sql;
};

/// All steps, oldest first.
[[nodiscard]] std::span<const Migration> all_migrations();

/// Written into the file's header, so that another program's database is recognised ("runr").
inline constexpr std::int64_t kApplicationId = 0x72756E72;

/// How many of `known` the database has. corrupt: foreign, newer (a migration that is not in
/// `known`), or a schema that is not exactly what the applied migrations make.
[[nodiscard]] jobs::Result<std::size_t> check_schema(Database& database,
                                                     std::span<const Migration> known);

/// Applies known[from...], each in a transaction of its own together with its row.
[[nodiscard]] jobs::Status apply_migrations(Database& database, std::span<const Migration> known,
                                            std::size_t from, jobs::TimePoint now);

/// Marks an empty database as ours. Before the first migration.
[[nodiscard]] jobs::Status prepare_new(Database& database);

}  // namespace runner::store

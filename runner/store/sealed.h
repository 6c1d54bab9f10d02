#pragma once

#include <map>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "runner/store/database.h"

namespace runner::store {

/// A table whose rows are protected: each carries a digest over its other columns, and `seals`
/// knows how many rows there are and what their digests combine to, so that a lost row is noticed
/// as well as a changed one.
struct SealedTable {
  std::string name;
  std::vector<std::string> columns;  ///< all but the digest
  std::size_t keys = 1;              ///< the first so many columns are the key
  std::size_t added = 0;  ///< the last so many came with a later migration: in rows from before it
                          ///< they are NULL, and NULLs at the end are not in the digest
};

/// Error of kind corrupt about a place in the state.
[[nodiscard]] jobs::Error damaged(const std::string& what);

/// Digest of one row: of the table's name and every cell, each with type and length.
[[nodiscard]] std::string digest_of(const std::string& table, const Row& cells);
/// The same of a row of that table, which may be older than its last columns.
[[nodiscard]] std::string digest_of(const SealedTable& table, const Row& cells);

/// XOR of two digests; empty if one of them is none.
[[nodiscard]] std::string combined(const std::string& a, const std::string& b);

/// What `seals` says about one table.
struct Seal {
  std::int64_t row_count = 0;
  std::int64_t next_id = 1;
  std::string sum = std::string(
      64, '0');  ///< of an ordinary table: all digests, XOR; of the ledger: the newest digest
};

/// The seals of one transaction: read when first needed, written once before the commit.
class Seals {
 public:
  explicit Seals(Database& database) : database_(database) {}
  [[nodiscard]] jobs::Result<Seal*> of(const std::string& table);
  /// Adds or takes away one row's digest (XOR is its own inverse).
  [[nodiscard]] jobs::Status count(const std::string& table, const std::string& digest, int rows);
  [[nodiscard]] jobs::Status flush();

 private:
  Database& database_;
  std::map<std::string, Seal> seals_;
};

/// Rows that match `where` ("" = all; may be followed by ORDER BY and LIMIT), without their
/// digests, each verified.
[[nodiscard]] jobs::Result<std::vector<Row>> select(Database& database, const SealedTable& table,
                                                    const std::string& where = "",
                                                    const Row& parameters = {});
/// The same one by one.
[[nodiscard]] jobs::Status select_each(Database& database, const SealedTable& table,
                                       const std::string& where, const Row& parameters,
                                       const Database::Visitor& visit);
/// Inserts the row, or replaces the one with the same key.
[[nodiscard]] jobs::Status put(Database& database, Seals& seals, const SealedTable& table,
                               const Row& row);
/// Deletes the rows that match.
[[nodiscard]] jobs::Status erase(Database& database, Seals& seals, const SealedTable& table,
                                 const std::string& where, const Row& parameters);
/// Compares the table's rows with its seal, and with `contents` each row with its digest.
[[nodiscard]] jobs::Status verify_table(Database& database, Seals& seals, const SealedTable& table,
                                        bool contents);

}  // namespace runner::store

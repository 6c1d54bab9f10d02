#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "runner/store/value.h"

namespace runner::store {

/// One connection to one SQLite file. Knows SQLite and nothing of the schema; the only place that
/// sees the library. Every failure becomes an Error whose kind says who must act.
class Database {
 public:
  enum class Mode : std::uint8_t {
    read_only,   ///< makes no file, not even a journal
    read_write,  ///< the file must exist
    create,      ///< a new file; must not exist or be empty
    memory,      ///< private, gone with the object
  };
  struct Spec {
    std::string path;
    Mode mode = Mode::read_write;
    int busy_milliseconds = 0;
    std::string vfs;
  };

  [[nodiscard]] static jobs::Result<Database> open(const Spec& spec);
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  /// Several statements without parameters and results: schema, pragmas.
  [[nodiscard]] jobs::Status script(const std::string& sql);
  /// One statement; what it returns is dropped.
  [[nodiscard]] jobs::Status run(const std::string& sql, const Row& parameters = {});
  /// All rows of one statement.
  [[nodiscard]] jobs::Result<std::vector<Row>> rows(const std::string& sql,
                                                    const Row& parameters = {});
  /// The same one by one, so that a large table is never in memory as a whole. `visit` must not use
  /// the database; its error ends the reading and is returned.
  using Visitor = std::function<jobs::Status(Row&&)>;
  [[nodiscard]] jobs::Status each(const std::string& sql, const Row& parameters,
                                  const Visitor& visit);
  /// The first cell of the first row, an integer. corrupt if there is none.
  [[nodiscard]] jobs::Result<std::int64_t> number(const std::string& sql,
                                                  const Row& parameters = {});

  /// `size` bytes of the file itself, as it is on the disk; read over the connection's own
  /// descriptor, because closing another one would drop its locks.
  [[nodiscard]] jobs::Result<std::string> raw_bytes(std::int64_t offset, int size);

  /// Rolls back if a transaction is open; never fails (SQLite rolls back by itself where it must).
  void roll_back();
  /// Copies every page into `target`.
  [[nodiscard]] jobs::Status copy_to(Database& target);
  /// True once reading, writing or syncing the file has failed: nothing this process wrote since
  /// can be trusted.
  [[nodiscard]] bool io_failed() const;
  /// Lets go without closing: a connection that came over a fork must not be touched, not even to
  /// close it.
  void abandon();

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace runner::store

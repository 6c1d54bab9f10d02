#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobs/base/error.h"
#include "jobs/base/ids.h"
#include "jobs/base/money.h"
#include "jobs/base/result.h"
#include "runner/store/value.h"

namespace runner::store {

/// A list of any texts as a JSON array of strings. Bytes that are not ASCII stay as they are, also
/// where they are not UTF-8: what was stored is what is read.
[[nodiscard]] std::string list_to_text(const std::vector<std::string>& list);
[[nodiscard]] std::optional<std::vector<std::string>> list_from_text(std::string_view text);

/// Builds a row cell by cell, in the order of the table's columns.
class RowWriter {
 public:
  RowWriter& text(std::string value);
  RowWriter& text(std::string_view value) { return text(std::string(value)); }
  /// NULL for an empty one: of columns that came later.
  RowWriter& text_or_null(std::string_view value) { return value.empty() ? null() : text(value); }
  RowWriter& list(const std::vector<std::string>& value) { return text(list_to_text(value)); }
  RowWriter& number(std::int64_t value);
  RowWriter& time(jobs::TimePoint value) { return number(value.time_since_epoch().count()); }
  RowWriter& time(const std::optional<jobs::TimePoint>& value);
  RowWriter& usage(const jobs::Usage& value);
  RowWriter& null();
  [[nodiscard]] Row take() { return std::move(row_); }

 private:
  Row row_;
};

/// Reads a row cell by cell. The first cell of the wrong type or with an unknown name makes
/// `finish` an error of kind corrupt; what is read after it is empty.
class RowReader {
 public:
  RowReader(std::string_view table, const Row& row) : table_(table), row_(row) {}
  [[nodiscard]] std::string text();
  [[nodiscard]] std::string text_or_null() { return skip_null() ? std::string() : text(); }
  template <typename Id>
  [[nodiscard]] Id id() {
    return Id(text());
  }
  [[nodiscard]] std::vector<std::string> list();
  [[nodiscard]] std::int64_t number();
  [[nodiscard]] int small();
  [[nodiscard]] bool flag();
  [[nodiscard]] jobs::TimePoint time() { return jobs::TimePoint(jobs::Duration(number())); }
  [[nodiscard]] std::optional<jobs::TimePoint> maybe_time();
  [[nodiscard]] jobs::Usage usage();
  /// A name as its parse function knows it.
  template <typename Enum>
  [[nodiscard]] Enum name(std::optional<Enum> (*parse)(std::string_view)) {
    const auto value = parse(text());
    if (!value) {
      wrong();
      return {};
    }
    return *value;
  }
  /// True, and the cell is consumed, if it is null.
  [[nodiscard]] bool skip_null();
  void skip(std::size_t cells) { at_ += cells; }

  [[nodiscard]] jobs::Status finish() const;

 private:
  [[nodiscard]] const Value* next();
  void wrong();

  std::string_view table_;
  const Row& row_;
  std::size_t at_ = 0;
  std::optional<std::size_t> wrong_;
};

/// The value, or the reader's complaint about the row it came from.
template <typename T>
[[nodiscard]] jobs::Result<T> checked(const RowReader& reader, T value) {
  RUNNER_TRY(reader.finish());
  return value;
}

}  // namespace runner::store

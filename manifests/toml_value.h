#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"
#include "manifests/diagnostic.h"

/// TOML as plain values with source positions. toml++ stands behind it in one file only
/// (toml_adapter.cc), because its header is heavy and because it has to be kept from aborting on
/// hostile bytes.
namespace manifests {

struct Entry;

/// One TOML value. Only the member that `kind` names is filled.
struct Value {
  enum class Kind : std::uint8_t { table, array, string, integer, floating, boolean, datetime };
  Kind kind = Kind::table;
  int line = 0;    ///< where the value begins; from 1
  int column = 0;  ///< from 1, in code points

  std::vector<Entry> table;  ///< in the order of the file; keys are unique
  std::vector<Value> array;
  std::string
      string;  ///< string: the text, valid UTF-8 (may hold control characters that were escaped);
               ///< floating and datetime: as normalised text ("1.5", "2026-11-21T09:30:00Z")
  std::int64_t integer = 0;
  double floating = 0;
  bool boolean = false;

  [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
  /// The entry `key` of a table, or null.
  [[nodiscard]] const Entry* find(std::string_view key) const;
  /// The value of entry `key` of a table, or null.
  [[nodiscard]] const Value* get(std::string_view key) const;
  /// The text of entry `key` if it is a string, else null.
  [[nodiscard]] const std::string* get_string(std::string_view key) const;
};

/// One `key = value` of a table, with the place of the key.
struct Entry {
  std::string key;
  int line = 0;
  int column = 0;
  Value value;
};

/// "a string", "a table", ...: for messages.
[[nodiscard]] std::string_view describe(Value::Kind kind);

/// Files above this are refused unread.
inline constexpr std::size_t kMaxTomlBytes = 1 << 20;

/// The table that `bytes` spell, or the first thing wrong with them. Safe for every byte string:
/// not TOML, not UTF-8, NUL, megabytes of nesting. `file_name` is only for messages.
[[nodiscard]] std::expected<Value, Diagnostic> read_toml(std::string_view bytes,
                                                         std::string_view file_name);

/// The same for callers that want one Error ("issue.md:3:7: ..."; kind invalid_manifest).
[[nodiscard]] jobs::Result<Value> parse_toml(std::string_view bytes, std::string_view file_name);

/// `text` as a TOML basic string with its quotes. Reading it back gives the same text (invalid
/// UTF-8 and NUL replaced).
[[nodiscard]] std::string toml_quote(std::string_view text);

}  // namespace manifests

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Every key a manifest may hold, in one table. The check for unknown keys, the JSON Schema and
/// docs/manifest.md all come from it or are tested against it, so that they cannot drift apart.
namespace manifests {

enum class KeyType : std::uint8_t {
  text,       ///< a string on one line
  long_text,  ///< a string of several lines
  choice,     ///< one of `choices`
  boolean,
  count,      ///< an integer
  duration,   ///< "90s", "1h30m"
  size,       ///< "64MiB" or bytes
  cap_usd,    ///< "12.50", 12.5, or "none"
  cap_count,  ///< an integer or "none"
  usd,        ///< "12.50" or 12.5
  path,       ///< relative to the manifest
  paths,      ///< array of those
  names,      ///< array of strings
  argv,       ///< array of strings: a program and its arguments
  argv_list,  ///< array of those
  text_map,   ///< table of strings
  argv_map,   ///< table of argvs
  sub_table,  ///< a table described by rows of its own
  stages,     ///< array of tables described by the rows of "stage"
};

struct KeySpec {
  std::string_view table;  ///< "fleet", "fleet.labels", "limits", "repo", "tracker", "stage", ...
  std::string_view key;
  KeyType type = KeyType::text;
  std::string_view fallback;  ///< the default as TOML; "" = none; "required"
  std::string_view help;      ///< one sentence
  std::string_view choices;   ///< for KeyType::choice: separated by '|'
};

/// All rows, grouped by table, in the order of the documentation.
[[nodiscard]] std::span<const KeySpec> all_keys();
/// The rows of one table; "defaults" has the rows of "repo" without `name` and `remote`.
[[nodiscard]] std::vector<KeySpec> keys_of(std::string_view table);
/// The names in keys_of(table).
[[nodiscard]] std::vector<std::string> key_names(std::string_view table);
/// What may stand at the top of a file: "fleet", ..., "repo".
[[nodiscard]] std::vector<std::string> table_names();
/// "a duration such as \"90s\"": what a value of this type looks like.
[[nodiscard]] std::string expected_text(const KeySpec& spec);
/// The parts of a "a|b|c" list.
[[nodiscard]] std::vector<std::string> split_choices(std::string_view choices);

}  // namespace manifests

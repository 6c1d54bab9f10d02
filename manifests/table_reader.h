#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/money.h"
#include "manifests/checks.h"
#include "manifests/keys.h"
#include "manifests/load.h"
#include "manifests/report.h"
#include "manifests/toml_value.h"

namespace manifests {

/// One file of the directory.
struct Source {
  std::string file;    ///< as shown in messages: "manifests/fleet.toml"
  std::string folder;  ///< absolute: what paths in it are relative to
  Value root;
};

/// What all readers write to.
struct Reading {
  const LoadOptions& options;
  Report& report;
  Origins& origins;
};

/// A table in a file.
struct Layer {
  const Source* source = nullptr;
  const Value* table = nullptr;
  explicit operator bool() const { return table != nullptr; }
};

using Check = Fault (*)(std::string_view);

/// Reads the keys of one table, or of one laid over another (a [[repo]] over [defaults]). Each
/// reading function leaves its target as it is when the key is absent or wrong; a wrong one is
/// reported.
class TableReader {
 public:
  /// `name` selects the rows of all_keys(); `path` is what origins are filed under ("limits",
  /// "repo.acme/shop").
  TableReader(Reading& reading, std::string name, std::string path, std::vector<Layer> layers);

  /// The entry and the layer it stands in.
  struct Found {
    const Source* source;
    const Entry* entry;
    [[nodiscard]] Position at() const {
      return {source->file, entry->value.line, entry->value.column};
    }
    [[nodiscard]] Position key_at() const { return {source->file, entry->line, entry->column}; }
  };
  [[nodiscard]] std::optional<Found> find(std::string_view key);

  bool boolean(std::string_view key, bool& out);
  bool text(std::string_view key, std::string& out, Check check);
  bool choice(std::string_view key, std::string& out);
  bool path(std::string_view key, std::string& out);
  bool paths(std::string_view key, std::vector<std::string>& out);
  bool count(std::string_view key, std::int64_t& out, std::int64_t least, std::int64_t most);
  bool count(std::string_view key, int& out, int least, int most);
  bool duration(std::string_view key, jobs::Duration& out, bool zero_allowed);
  bool size(std::string_view key, std::int64_t& out, bool zero_allowed);
  bool usd(std::string_view key, jobs::Usd& out);
  bool cap(std::string_view key, std::optional<jobs::Usd>& out);
  bool cap(std::string_view key, std::optional<std::int64_t>& out);
  /// `twice`: an item may stand there more than once.
  bool names(std::string_view key, std::vector<std::string>& out, Check check, bool twice = false);
  bool argv(std::string_view key, std::vector<std::string>& out);
  bool argv_list(std::string_view key, std::vector<std::vector<std::string>>& out);
  bool text_map(std::string_view key, std::map<std::string, std::string>& out);
  bool argv_map(std::string_view key, std::map<std::string, std::vector<std::string>>& out);

  /// Reports what all_keys() does not know in the first layer, and literal secrets.
  void unknown_keys() const;
  /// Reports `key` as missing, at the table itself.
  void missing(std::string_view key, std::string hint = {});
  void error(const Position& at, std::string message, Advice advice = {});
  /// Where the table itself begins.
  [[nodiscard]] Position begins() const;

 private:
  std::optional<Found> want(std::string_view key, Value::Kind kind);
  void wrong_type(std::string_view key, const Position& at, Value::Kind found);
  bool one_argv(std::string_view key, const Source& source, const Value& value,
                std::vector<std::string>& out);
  std::optional<jobs::Usd> money(std::string_view key, const Found& found);
  [[nodiscard]] const KeySpec* spec(std::string_view key) const;
  bool fits(std::string_view key, const Position& at, const std::string& value, Check check);

  Reading& reading_;
  std::string name_;
  std::string path_;
  std::vector<Layer> layers_;
  std::vector<KeySpec> specs_;
};

/// `path` absolute and without "." parts; relative ones begin in `folder`.
[[nodiscard]] std::string absolute_path(std::string_view folder, std::string_view path);

}  // namespace manifests

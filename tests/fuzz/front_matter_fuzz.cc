// Editing the front matter line by line, against the TOML reader: whatever an edit gives and the
// reader takes has the new value and all the others as they were. Also the other TOML file of a
// tracker, permissions.toml.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/text.h"
#include "manifests/toml_value.h"
#include "runner/trackers/front_matter.h"
#include "runner/trackers/permissions.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;
using manifests::Value;
using namespace runner::trackers;  // NOLINT(google-build-using-namespace): what is under test

bool same(const Value& a, const Value& b) {
  const auto same_entry = [](const manifests::Entry& x, const manifests::Entry& y) {
    return x.key == y.key && same(x.value, y.value);
  };
  return a.kind == b.kind && a.string == b.string && a.integer == b.integer &&
         a.boolean == b.boolean && std::ranges::equal(a.table, b.table, same_entry) &&
         std::ranges::equal(a.array, b.array, same);
}

jobs::Result<Value> table_of(std::string_view bytes) {
  const auto parts = split_front_matter(bytes);
  require(parts.has_value(), "an edited text has a front matter");
  return manifests::parse_toml(bytes.substr(parts->toml_begin, parts->toml_end - parts->toml_begin),
                               "x");
}

void check_edit(const std::string& bytes, const Value& before, const std::string& key,
                const std::string& text) {
  const std::vector<KeyEdit> edits{{.key = key, .value = toml_array(std::array{text})}};
  const auto edited = edit_front_matter(bytes, edits);
  require(edited.has_value(), "a front matter can be edited");
  const auto after = table_of(*edited);
  if (!after) {
    return;  // the caller reads it back and refuses
  }
  const Value* value = after->get(key);
  require(value != nullptr && value->array.size() == 1, "the key has its new value");
  require(value->array[0].string == jobs::to_valid_utf8(text), "the value is what was written");
  for (const manifests::Entry& entry : before.table) {
    const Value* kept = after->get(entry.key);
    require(entry.key == key || (kept != nullptr && same(*kept, entry.value)),
            "what was not named stays as it was");
  }
  // Taking the key off again must leave the others alone as well.
  const std::vector<KeyEdit> removal{{.key = key, .value = std::nullopt}};
  const auto removed = edit_front_matter(*edited, removal);
  require(removed.has_value(), "an edited front matter can be edited");
  if (const auto last = table_of(*removed)) {
    require(last->get(key) == nullptr, "a removed key is gone");
  }
}

void check_permissions(const std::string& bytes) {
  Permissions permissions;
  const jobs::Status read = permissions.add(bytes, "permissions.toml");
  if (!read) {
    require(fuzz::is_safe_text(read.error().message, false), "an error is one harmless line");
    require(permissions.of("alice") == jobs::Permission::unknown, "a broken file trusts nobody");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const bool names_known_key = input.byte() % 2 == 0;
  const std::string text = input.part();
  const std::string bytes = input.rest();
  check_permissions(bytes);
  const auto parts = split_front_matter(bytes);
  require(parts.has_value() <= has_front_matter(bytes), "a front matter begins on the first line");
  if (!parts) {
    return 0;
  }
  require(parts->toml_begin <= parts->toml_end && parts->toml_end < parts->body &&
              parts->body <= bytes.size(),
          "the parts of a text lie in order");
  const auto before = table_of(bytes);
  if (!before) {
    return 0;
  }
  check_edit(bytes, *before, "labels", text);
  if (names_known_key && !before->table.empty()) {
    const std::string& key = before->table.front().key;
    const bool bare =
        !key.empty() && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
    if (bare) {
      check_edit(bytes, *before, key, text);
    }
  }
  return 0;
}

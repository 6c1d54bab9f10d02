#include "manifests/table_reader.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"

namespace manifests {

TableReader::TableReader(Reading& reading, std::string name, std::string path,
                         std::vector<Layer> layers)
    : reading_(reading), name_(std::move(name)), path_(std::move(path)), specs_(keys_of(name_)) {
  for (const Layer& layer : layers) {
    if (layer) {
      layers_.push_back(layer);
    }
  }
}

Position TableReader::begins() const {
  if (layers_.empty()) {
    return {};
  }
  return {layers_.front().source->file, layers_.front().table->line, layers_.front().table->column};
}

void TableReader::error(const Position& at, std::string message, Advice advice) {
  reading_.report.error(at, std::move(message), std::move(advice));
}

const KeySpec* TableReader::spec(std::string_view key) const {
  const auto found = std::ranges::find(specs_, key, &KeySpec::key);
  return found == specs_.end() ? nullptr : &*found;
}

std::optional<TableReader::Found> TableReader::find(std::string_view key) {
  for (const Layer& layer : layers_) {
    if (const Entry* entry = layer.table->find(key)) {
      const Found found{layer.source, entry};
      reading_.origins.at[fmt::format("{}.{}", path_, key)] = found.key_at();
      return found;
    }
  }
  return std::nullopt;
}

void TableReader::wrong_type(std::string_view key, const Position& at, Value::Kind found) {
  const KeySpec* row = spec(key);
  error(at, fmt::format("{} has the wrong type: {}", key, describe(found)),
        {.expected = row == nullptr ? "" : expected_text(*row), .suggestion = {}, .hint = {}});
}

std::optional<TableReader::Found> TableReader::want(std::string_view key, Value::Kind kind) {
  const auto found = find(key);
  if (found && !found->entry->value.is(kind)) {
    wrong_type(key, found->at(), found->entry->value.kind);
    return std::nullopt;
  }
  return found;
}

bool TableReader::fits(std::string_view key, const Position& at, const std::string& value,
                       Check check) {
  if (const Fault fault = check(value)) {
    error(at, fmt::format("{} \"{}\" {}", key, jobs::one_line(redacted(value), 60), *fault));
    return false;
  }
  return true;
}

bool TableReader::boolean(std::string_view key, bool& out) {
  const auto found = want(key, Value::Kind::boolean);
  if (found) {
    out = found->entry->value.boolean;
  }
  return found.has_value();
}

bool TableReader::text(std::string_view key, std::string& out, Check check) {
  const auto found = want(key, Value::Kind::string);
  if (!found || !fits(key, found->at(), found->entry->value.string, check)) {
    return false;
  }
  out = found->entry->value.string;
  return true;
}

bool TableReader::choice(std::string_view key, std::string& out) {
  const auto found = want(key, Value::Kind::string);
  if (!found) {
    return false;
  }
  const KeySpec* row = spec(key);
  const std::vector<std::string> known =
      row == nullptr ? std::vector<std::string>() : split_choices(row->choices);
  const std::string& value = found->entry->value.string;
  if (std::ranges::find(known, value) == known.end()) {
    error(found->at(), fmt::format("unknown {} \"{}\"", key, jobs::one_line(value, 60)),
          {.expected = row == nullptr ? "" : expected_text(*row),
           .suggestion = jobs::did_you_mean(value, known),
           .hint = {}});
    return false;
  }
  out = value;
  return true;
}

bool TableReader::path(std::string_view key, std::string& out) {
  std::string value;
  if (!text(key, value, [](std::string_view given) -> Fault {
        return given.empty() ? Fault("is empty") : check_plain(given);
      })) {
    return false;
  }
  out = absolute_path(find(key)->source->folder, value);
  return true;
}

bool TableReader::count(std::string_view key, std::int64_t& out, std::int64_t least,
                        std::int64_t most) {
  const auto found = want(key, Value::Kind::integer);
  if (!found) {
    return false;
  }
  const std::int64_t value = found->entry->value.integer;
  if (value < least || value > most) {
    error(found->at(), fmt::format("{} = {} is impossible", key, value),
          {.expected =
               value < least ? fmt::format("{} or more", least) : fmt::format("at most {}", most),
           .suggestion = {},
           .hint = {}});
    return false;
  }
  out = value;
  return true;
}

bool TableReader::count(std::string_view key, int& out, int least, int most) {
  std::int64_t wide = out;
  const bool good = count(key, wide, std::int64_t{least}, std::int64_t{most});
  out = static_cast<int>(wide);
  return good;
}

bool TableReader::duration(std::string_view key, jobs::Duration& out, bool zero_allowed) {
  const auto found = want(key, Value::Kind::string);
  if (!found) {
    return false;
  }
  const std::string& value = found->entry->value.string;
  const auto parsed = jobs::parse_duration(value);
  if (!parsed) {
    error(found->at(), fmt::format("{} \"{}\" is not a duration", key, jobs::one_line(value, 60)),
          {.expected = "a number with ms, s, m, h or d such as \"90s\", \"60m\" or \"1h30m\", at "
                       "most ten years",
           .suggestion = {},
           .hint = {}});
    return false;
  }
  if (!zero_allowed && *parsed <= jobs::Duration::zero()) {
    error(found->at(), fmt::format("{} must be longer than nothing", key));
    return false;
  }
  out = *parsed;
  return true;
}

bool TableReader::size(std::string_view key, std::int64_t& out, bool zero_allowed) {
  const auto found = find(key);
  if (!found) {
    return false;
  }
  const Value& value = found->entry->value;
  if (!value.is(Value::Kind::string) && !value.is(Value::Kind::integer)) {
    wrong_type(key, found->at(), value.kind);
    return false;
  }
  std::optional<std::int64_t> bytes = value.integer;
  if (value.is(Value::Kind::string)) {
    bytes = parse_size(value.string);
  }
  if (!bytes || *bytes < (zero_allowed ? 0 : 1)) {
    const std::string shown = value.is(Value::Kind::string)
                                  ? "\"" + jobs::one_line(value.string, 60) + "\""
                                  : std::to_string(value.integer);
    error(found->at(),
          fmt::format("{} = {} is {}", key, shown, bytes ? "impossible" : "not a size"),
          {.expected = fmt::format("{} or more bytes, such as \"64MiB\", \"2GB\" or 4096",
                                   zero_allowed ? 0 : 1),
           .suggestion = {},
           .hint = {}});
    return false;
  }
  out = *bytes;
  return true;
}

std::optional<jobs::Usd> TableReader::money(std::string_view key, const Found& found) {
  const Value& value = found.entry->value;
  std::optional<jobs::Usd> amount;
  if (value.is(Value::Kind::string) || value.is(Value::Kind::floating)) {
    amount = jobs::Usd::parse(value.string);
  } else if (value.is(Value::Kind::integer)) {
    amount = jobs::Usd::parse(std::to_string(value.integer));
  } else {
    wrong_type(key, found.at(), value.kind);
    return std::nullopt;
  }
  if (!amount) {
    const std::string shown =
        value.is(Value::Kind::integer) ? std::to_string(value.integer) : value.string;
    error(
        found.at(), fmt::format("{} {} is not an amount", key, jobs::one_line(shown, 60)),
        {.expected =
             "USD with at most six decimals such as \"12.50\" or 12.5, not negative, at most 10^9",
         .suggestion = {},
         .hint = {}});
  } else if (amount->micros == 0) {
    error(found.at(), fmt::format("{} is zero: nothing could ever start", key));
    amount.reset();
  }
  return amount;
}

bool TableReader::usd(std::string_view key, jobs::Usd& out) {
  const auto found = find(key);
  const auto amount = found ? money(key, *found) : std::nullopt;
  if (amount) {
    out = *amount;
  }
  return amount.has_value();
}

bool TableReader::cap(std::string_view key, std::optional<jobs::Usd>& out) {
  const auto found = find(key);
  if (!found) {
    return false;
  }
  if (found->entry->value.is(Value::Kind::string) && found->entry->value.string == "none") {
    out.reset();
    return true;
  }
  const auto amount = money(key, *found);
  if (amount) {
    out = amount;
  }
  return amount.has_value();
}

bool TableReader::cap(std::string_view key, std::optional<std::int64_t>& out) {
  const auto found = find(key);
  if (!found) {
    return false;
  }
  if (found->entry->value.is(Value::Kind::string) && found->entry->value.string == "none") {
    out.reset();
    return true;
  }
  std::int64_t value = 0;
  if (!count(key, value, 1, 1'000'000'000'000'000)) {
    return false;
  }
  out = value;
  return true;
}

bool TableReader::names(std::string_view key, std::vector<std::string>& out, Check check) {
  const auto found = want(key, Value::Kind::array);
  if (!found) {
    return false;
  }
  std::vector<std::string> read;
  for (const Value& item : found->entry->value.array) {
    const Position at{found->source->file, item.line, item.column};
    if (!item.is(Value::Kind::string)) {
      wrong_type(key, at, item.kind);
    } else if (std::ranges::find(read, item.string) != read.end()) {
      error(at, fmt::format("\"{}\" stands in {} twice", jobs::one_line(item.string, 60), key));
    } else if (fits(key, at, item.string, check)) {
      reading_.origins.at[fmt::format("{}.{}[{}]", path_, key, read.size())] = at;
      read.push_back(item.string);
    }
  }
  out = std::move(read);
  return true;
}

bool TableReader::one_argv(std::string_view key, const Source& source, const Value& value,
                           std::vector<std::string>& out) {
  const Position at{source.file, value.line, value.column};
  if (!value.is(Value::Kind::array)) {
    error(at, fmt::format("{} has the wrong type: {}", key, describe(value.kind)),
          {.expected = "an array of strings such as [\"make\", \"test\"]",
           .suggestion = {},
           .hint = value.is(Value::Kind::string)
                       ? "no shell reads it; for one write [\"sh\", \"-c\", \"...\"]"
                       : ""});
    return false;
  }
  std::vector<std::string> words;
  for (const Value& word : value.array) {
    const Position word_at{source.file, word.line, word.column};
    if (!word.is(Value::Kind::string)) {
      error(word_at, fmt::format("a word of {} has the wrong type: {}", key, describe(word.kind)),
            {.expected = "a string", .suggestion = {}, .hint = "put it between quotes"});
      return false;
    }
    if (!fits(key, word_at, word.string, check_long_text)) {
      return false;
    }
    words.push_back(word.string);
  }
  if (words.empty() || words.front().empty() || words.front().front() == '-') {
    error(at, fmt::format("{} names no program", key),
          {.expected = "a command such as [\"make\", \"test\"]", .suggestion = {}, .hint = {}});
    return false;
  }
  out = std::move(words);
  return true;
}

bool TableReader::argv(std::string_view key, std::vector<std::string>& out) {
  const auto found = find(key);
  return found && one_argv(key, *found->source, found->entry->value, out);
}

bool TableReader::argv_list(std::string_view key, std::vector<std::vector<std::string>>& out) {
  const auto found = want(key, Value::Kind::array);
  if (!found) {
    return false;
  }
  std::vector<std::vector<std::string>> read;
  for (const Value& item : found->entry->value.array) {
    if (std::vector<std::string> words; one_argv(key, *found->source, item, words)) {
      read.push_back(std::move(words));
    }
  }
  out = std::move(read);
  return true;
}

bool TableReader::text_map(std::string_view key, std::map<std::string, std::string>& out) {
  const auto found = want(key, Value::Kind::table);
  if (!found) {
    return false;
  }
  std::map<std::string, std::string> read;
  for (const Entry& entry : found->entry->value.table) {
    const Position key_at{found->source->file, entry.line, entry.column};
    const Position at{found->source->file, entry.value.line, entry.value.column};
    if (!fits(key, key_at, entry.key, check_variable)) {
      continue;
    }
    if (names_a_secret(entry.key)) {
      error(
          key_at, fmt::format("{} would put the secret {} into the manifest", key, entry.key),
          {.expected = {},
           .suggestion = {},
           .hint = "set the variable where the runner starts and name it in the agent's pass_env"});
    } else if (!entry.value.is(Value::Kind::string)) {
      error(at,
            fmt::format("{}.{} has the wrong type: {}", key, entry.key, describe(entry.value.kind)),
            {.expected = "a string", .suggestion = {}, .hint = "put it between quotes"});
    } else if (fits(entry.key, at, entry.value.string, check_long_text)) {
      read.emplace(entry.key, entry.value.string);
    }
  }
  out = std::move(read);
  return true;
}

void TableReader::unknown_keys() const {
  if (layers_.empty()) {
    return;
  }
  const Layer& own = layers_.front();
  const std::vector<std::string> known = key_names(name_);
  for (const Entry& entry : own.table->table) {
    if (std::ranges::find(known, entry.key) != known.end()) {
      continue;
    }
    const Position at{own.source->file, entry.line, entry.column};
    if (names_a_secret(entry.key)) {
      reading_.report.error(
          at, fmt::format("{} would put a secret into the manifest", jobs::one_line(entry.key, 60)),
          {.expected = "the name of a variable or file that holds it",
           .suggestion = {},
           .hint = "use token_env = \"VARIABLE\" or token_file = \"path\""});
      continue;
    }
    reading_.report.error(
        at, fmt::format("unknown key \"{}\" in [{}]", jobs::one_line(entry.key, 60), name_),
        {.expected = {}, .suggestion = jobs::did_you_mean(entry.key, known), .hint = {}});
  }
}

void TableReader::missing(std::string_view key, std::string hint) {
  const KeySpec* row = spec(key);
  std::string title = fmt::format("[{}]", path_);
  if (name_ == "repo" || name_ == "stage") {
    title = name_ == "repo" ? "the repository" : "the stage";
  }
  error(begins(), fmt::format("{} has no {}", title, key),
        {.expected = row == nullptr ? "" : expected_text(*row),
         .suggestion = {},
         .hint = std::move(hint)});
}

std::string absolute_path(std::string_view folder, std::string_view path) {
  std::string out =
      (std::filesystem::path(folder) / std::filesystem::path(path)).lexically_normal().string();
  if (out.size() > 1 && out.ends_with('/')) {
    out.pop_back();
  }
  return out;
}

}  // namespace manifests

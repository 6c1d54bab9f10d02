#include "manifests/table_reader.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"

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
